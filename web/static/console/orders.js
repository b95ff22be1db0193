// Find orders: by id, buyer, state, time and words.

import { h } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { badge, empty, endless, field } from "../lib/ui.js";
import { api } from "./context.js";
import { id, table } from "./pieces.js";

const STATES = ["pending_payment", "paid", "completed", "cancelled"];

/** The list, narrowed by the form above it; the address holds what was asked. */
export async function ordersPage({ visit, query }) {
  visit.wait("list");
  const asked = Object.fromEntries(query);
  const load = (cursor) => api.get("/v1/operators/orders", { query: { ...searched(asked), limit: 25, cursor }, signal: visit.signal });
  const first = await load();
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row, load });
  visit.show(t("console.orders"),
    h("h1", {}, t("console.orders")),
    filters(asked, visit),
    first.items.length ? [table(["col.order", "col.placed", "col.goods", "col.status", "col.money", "col.parcels", "col.total"], rows), more] : empty("list", t("console.nothing")));
}

/** One box takes an order id, a buyer's id, or words of the goods' titles. */
function searched({ find = "", status, from }) {
  const text = find.trim();
  const kind = text.startsWith("ord_") ? "order_id" : text.startsWith("usr_") ? "user_id" : "text";
  return { [kind]: text, status, placed_from: from ? new Date(from).toISOString() : "" };
}

function filters(asked, visit) {
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value);
    visit.router.go(`/console?${new URLSearchParams(given)}`);
  };
  return h("form", { class: "filters", role: "search", on: { submit: go } },
    field(t("console.find"), { name: "find", type: "search", value: asked.find ?? "", maxlength: 100, placeholder: t("console.find.hint") }),
    field(t("col.status"), { name: "status", value: asked.status ?? "", options: [["", t("console.any")], ...STATES.map((state) => [state, word("status", state)])] }),
    field(t("console.from"), { name: "from", type: "date", value: asked.from ?? "" }),
    h("button", { class: "button main", type: "submit" }, t("search.go")));
}

function row(order) {
  const [line, ...others] = order.lines;
  return h("tr", {},
    h("td", {}, id(order.order_id, `/console/orders/${order.order_id}`)),
    h("td", { class: "soft" }, moment(order.placed_at)),
    h("td", {}, half(line.title), ` × ${line.quantity}`, others.length > 0 && h("span", { class: "soft" }, ` ${t("orders.and_more", { n: others.length })}`)),
    h("td", {}, badge("status", order.status)),
    h("td", {}, badge("payment", order.payment_status)),
    h("td", {}, badge("fulfillment", order.fulfillment_status)),
    h("td", { class: "number" }, money(order.total)));
}
