// The reader's orders, newest first.

import { h } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { badge, empty, endless } from "../lib/ui.js";
import { api, loggedIn } from "./context.js";
import { picture } from "./pieces.js";

const TABS = ["", "pending_payment", "paid", "completed", "cancelled", "hidden"];

/** The list, with a tab for each state. */
export async function ordersPage({ visit, query }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("list");
  const tab = TABS.includes(query.get("tab")) ? query.get("tab") : "";
  const narrowed = tab === "hidden" ? { hidden: true } : { status: tab };
  const load = (cursor) => api.get("/v1/orders", { query: { ...narrowed, limit: 10, cursor }, signal: visit.signal });
  const first = await load();
  const list = h("ul", { class: "orders" });
  const more = endless(first, { into: list, row, load });
  visit.show(t("orders.title"),
    h("h1", {}, t("orders.title")),
    h("nav", { class: "tabs", "aria-label": t("orders.tabs") }, TABS.map((name) =>
      h("a", { href: name ? `/shop/orders?tab=${name}` : "/shop/orders", "aria-current": name === tab ? "page" : false }, t(`orders.tab.${name || "all"}`)))),
    first.items.length ? [list, more] : empty("box", t("orders.none"), h("a", { class: "button main", href: "/" }, t("cart.look"))));
}

function row(order) {
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return h("li", {}, h("a", { class: "order", href: `/shop/orders/${order.order_id}` },
    h("span", { class: "pictures" }, order.lines.slice(0, 3).map((line) => picture(line.image_url))),
    h("span", { class: "what" },
      h("b", {}, half(order.lines[0].title), order.lines.length > 1 && ` ${t("orders.and_more", { n: order.lines.length - 1 })}`),
      h("span", { class: "soft" }, moment(order.placed_at), " · ", t("orders.units", { n: units }))),
    badge("status", order.status),
    h("b", { class: "sum" }, money(order.total))));
}
