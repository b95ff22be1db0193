// One order as its buyer sees it, live: where it stands, what is in it, where its parcels are, what may be done.

import { fill, h } from "../lib/dom.js";
import { day, moment, money } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { badge, button, dialog, field, say } from "../lib/ui.js";
import { follow, looker } from "../lib/live.js";
import { caseRow } from "./aftersale.js";
import { api, cart, loggedIn } from "./context.js";
import { addressText, clock, orderLine, sums } from "./pieces.js";
import { reviewingPanel } from "./reviewing.js";

/** The page of an order; it follows the order's events until the reader leaves. */
export async function orderPage({ visit, params, query }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const room = h("div", { class: "order-page" });
  const returned = query.get("result");
  const look = looker(() => everything(params.id, visit.signal), (known) => draw(room, visit, known, returned, look));
  await look();
  visit.show(t("order.title"), room);
  follow(api, `/v1/orders/${params.id}/events`, visit.signal, look);
}

async function everything(id, signal) {
  const get = (path) => api.get(`/v1/orders/${id}${path}`, { signal });
  const cases = api.get("/v1/aftersales", { query: { order_id: id }, signal }).then((page) => page.items);
  const [order, timeline, parcels, reviews, own] = await Promise.all([get(""), get("/timeline"), get("/shipments"), get("/reviews"), cases]);
  return { order, timeline, parcels, reviews, cases: own };
}

function draw(room, visit, { order, timeline, parcels, reviews, cases }, returned, look) {
  const titles = new Map(order.lines.map((line) => [line.sku_id, half(line.title)]));
  fill(room,
    h("nav", { class: "crumbs" }, h("a", { href: "/shop/orders" }, t("orders.title"))),
    h("header", { class: "order-head" },
      h("div", {}, h("h1", { id: "state", data: { status: order.status, payment: order.payment_status } }, headline(order)), h("p", { class: "soft" }, order.order_id, " · ", moment(order.placed_at))),
      h("p", { class: "row" }, actions(order, parcels, visit, look))),
    waiting(order, returned, visit),
    track(order),
    h("div", { class: "two" },
      h("div", {},
        h("section", { class: "panel" }, h("h2", {}, t("checkout.goods")), h("ul", { class: "lines" }, order.lines.map(orderLine))),
        lateParcels(order, parcels, titles),
        reviewingPanel(reviews, order.order_id, look),
        parcels.length > 0 && h("section", { class: "panel" }, h("h2", {}, t("order.parcels")), parcels.map((parcel) => parcelView(parcel, titles)))),
      h("aside", {},
        cases.length > 0 && h("section", { class: "panel" }, h("h2", {}, t("order.aftersales")), h("ul", { class: "cases" }, cases.map(caseRow))),
        h("section", { class: "panel" }, sums(order)),
        h("section", { class: "panel" }, h("h2", {}, t("checkout.where")), addressText(order.address), order.note && h("p", { class: "soft" }, "“", order.note, "”")),
        h("section", { class: "panel" }, h("h2", {}, t("order.history")), h("ol", { class: "timeline" }, timeline.map(step))))));
}

function headline(order) {
  if (["cancelled", "pending_payment"].includes(order.status) && order.payment_status !== "unpaid") return word("payment", order.payment_status);
  if (order.status === "paid" && order.fulfillment_status !== "unfulfilled") return word("fulfillment", order.fulfillment_status);
  return word("status", order.status);
}

/** Whether its money is still to come; an order whose stock fails waits for its stock, and was paid. */
const isOwed = (order) => order.status === "pending_payment" && order.payment_status === "unpaid";

function waiting(order, returned, visit) {
  if (isOwed(order)) {
    const back = returned === "paid" ? h("p", {}, t("order.confirming")) : null;
    return h("div", { class: "callout", role: "status" }, back, t("pay.due"), " ", clock(visit, order.payment_due_at, () => {}));
  }
  if (order.status === "cancelled") {
    const why = word("cancel_reason", order.cancel_reason ?? "");
    return h("p", { class: "callout" }, why, order.refunded.minor > 0 && ` ${t("order.back", { amount: money(order.refunded) })}`);
  }
  return null;
}

const WAY = ["placed", "paid", "shipped", "delivered", "completed"];

function track(order) {
  if (order.status === "cancelled") return null;
  const reached = {
    placed: true,
    paid: !isOwed(order),
    shipped: ["shipped", "part_shipped", "delivered"].includes(order.fulfillment_status),
    delivered: order.fulfillment_status === "delivered",
    completed: order.status === "completed",
  };
  return h("ol", { class: "track" }, WAY.map((name) => h("li", { class: reached[name] ? "done" : "" }, t(`track.${name}`))));
}

/** What was bought before it was there, and when it ships; told as long as it waits. */
function lateParcels(order, parcels, titles) {
  const gone = new Set(parcels.filter((parcel) => parcel.status !== "waiting").map((parcel) => parcel.shipment_id));
  const late = order.status === "cancelled" ? [] : order.parcels.filter((parcel) => parcel.waits && !gone.has(parcel.shipment_id));
  if (!late.length) return null;
  return h("section", { class: "callout", role: "status" }, late.map((parcel) => parcel.items.map((item) =>
    h("p", {}, h("b", {}, titles.get(item.sku_id) ?? item.sku_id), ": ", t(`late.${parcel.waits.policy}`, { n: item.quantity, date: day(parcel.waits.ships_by) })))));
}

function parcelView(parcel, titles) {
  return h("article", { class: "parcel" },
    h("p", {}, badge("parcel", parcel.status), " ", parcel.exception && parcel.status === "exception" && h("b", {}, word("exception", parcel.exception)), " ",
      parcel.waybill && h("span", { class: "soft" }, `${word("carrier", parcel.carrier)} ${parcel.waybill}`)),
    arrival(parcel),
    h("p", {}, parcel.items.map((item) => `${titles.get(item.sku_id) ?? item.sku_id} × ${item.quantity}`).join(", ")),
    parcel.tracking.length > 0 && h("ol", { class: "timeline" }, [...parcel.tracking].reverse().map((event) =>
      h("li", {}, h("b", {}, word("tracking", event.status)), h("span", { class: "soft" }, [event.place, event.detail].filter(Boolean).join(" · ")), h("time", { class: "soft" }, moment(event.at))))));
}

/** When it should come, for as long as it is on its way. */
function arrival(parcel) {
  if (!parcel.estimated_at || parcel.status !== "shipped") return null;
  return h("p", { class: "arrival" }, t("order.estimated", { day: day(parcel.estimated_at) }));
}

function step(entry) {
  return h("li", {}, h("b", {}, word("step", entry.step)), h("time", { class: "soft", datetime: entry.at }, moment(entry.at)));
}

function actions(order, parcels, visit, look) {
  const open = ["pending_payment", "paid"].includes(order.status);
  const arrived = parcels.length > 0 && parcels.every((parcel) => ["shipped", "delivered", "signed", "stopped", "returned"].includes(parcel.status));
  const left = parcels.some((parcel) => parcel.shipped_at !== null);
  return [
    isOwed(order) && h("a", { class: "button main", href: `/shop/pay/${order.order_id}` }, t("order.pay")),
    order.status === "paid" && arrived && button(t("order.confirm"), () => confirm(order, look), { kind: "main" }),
    open && !left && button(t("order.cancel"), () => cancel(order, look)),
    ["paid", "completed"].includes(order.status) && parcels.some((parcel) => parcel.status === "signed") && h("a", { class: "button", href: `/shop/orders/${order.order_id}/aftersale` }, t("order.aftersale")),
    button(t("order.again"), () => buyAgain(order, visit)),
    !open && button(t(order.hidden ? "order.unhide" : "order.hide"), async () => {
      await api.put(`/v1/orders/${order.order_id}/hidden`, { hidden: !order.hidden });
      await look();
    }),
  ];
}

async function confirm(order, look) {
  await api.post(`/v1/orders/${order.order_id}/confirm`, undefined, { key: newKey() });
  say(t("order.confirmed"));
  await look();
}

async function cancel(order, look) {
  const key = newKey();
  const went = await dialog(t("order.cancel"), {
    content: [h("p", {}, t(order.status === "paid" ? "order.cancel.paid" : "order.cancel.unpaid")), field(t("order.cancel.why"), { name: "why", maxlength: 500 })],
    submit: t("order.cancel"),
    danger: true,
    act: ({ why }) => api.post(`/v1/orders/${order.order_id}/cancel`, { why }, { key }),
  });
  if (went) await look();
}

async function buyAgain(order, visit) {
  const { lines, no_longer_sold: gone } = await api.get(`/v1/orders/${order.order_id}/buy-again`);
  for (const { sku_id, quantity } of lines) await cart.add(sku_id, quantity);
  if (gone.length) say(t("order.again.gone", { n: gone.length }), "bad");
  if (lines.length) await visit.router.go("/shop/cart");
}
