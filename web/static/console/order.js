// One order for an operator: the whole story on the left, what it is and what can be done on the right; live.

import { fill, h } from "../lib/dom.js";
import { count, day, moment, money, precise, short } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { follow, looker } from "../lib/live.js";
import { badge, form, field } from "../lib/ui.js";
import { chargebackAction } from "./book_actions.js";
import { api, can, runLink } from "./context.js";
import { orderActions, refundDecisions } from "./order_actions.js";
import { parcelActions } from "./parcel_actions.js";
import { labelButton, parcelWay } from "./parcels.js";
import { id } from "./pieces.js";
import { tell } from "./story.js";

/** The page; all but the form for notes is drawn again with each event of the order, so nothing that is typed is lost. */
export async function orderPage({ visit, params }) {
  visit.wait("page");
  const rooms = { head: h("div", {}), story: h("section", { class: "panel" }), facts: h("div", {}), notes: h("ul", { class: "plain-list" }) };
  const look = looker(() => everything(params.id, visit.signal), (known) => draw(rooms, known, look));
  await look();
  visit.show(params.id,
    h("nav", { class: "crumbs" }, h("a", { href: "/console" }, t("console.orders"))),
    rooms.head,
    h("div", { class: "two" }, rooms.story, h("aside", {}, rooms.facts, h("section", { class: "panel" }, h("h2", {}, t("console.notes")), rooms.notes, noteForm(params.id, look)))));
  follow(api, `/v1/orders/${params.id}/events`, visit.signal, look);
}

async function everything(orderId, signal) {
  const get = (path, query) => api.get(path, { query, signal });
  const order = await get(`/v1/orders/${orderId}`);
  const onlyFor = (permissions, path, query, without) => (can(...permissions) ? get(path, query) : without);
  const [timeline, parcels, notes, payment, refunds, transfers, journal, cases] = await Promise.all([
    get(`/v1/orders/${orderId}/timeline`),
    get(`/v1/orders/${orderId}/shipments`),
    get(`/v1/operators/orders/${orderId}/notes`),
    onlyFor(["finance", "service"], `/v1/payments/${order.payment_id}`, {}, null),
    onlyFor(["finance", "service"], `/v1/payments/${order.payment_id}/refunds`, {}, []),
    onlyFor(["finance"], `/v1/operators/payments/${order.payment_id}/transfers`, {}, []),
    onlyFor(["stock"], "/v1/inventory/journal", { reference: orderId, limit: 100 }, { items: [] }),
    onlyFor(["service", "stock"], "/v1/operators/aftersales", { order_id: orderId, limit: 100 }, { items: [] }),
  ]);
  return { order, timeline, parcels, notes, payment, refunds, transfers, journal: journal.items, cases: cases.items };
}

function draw(rooms, known, look) {
  const { order, notes } = known;
  fill(rooms.head, h("header", { class: "order-head" },
    h("div", {}, h("h1", {}, h("code", {}, order.order_id)),
      h("p", { class: "row" }, state("order.title", "status", order.status), state("col.money", "payment", order.payment_status), state("col.parcels", "fulfillment", order.fulfillment_status), order.cancel_reason && h("span", { class: "soft" }, word("cancel_reason", order.cancel_reason)))),
    h("p", { class: "row" }, orderActions(known, look))));
  fill(rooms.story, h("h2", {}, t("story.title")), legend(), h("ol", { class: "story", id: "story" }, tell(known).map(entry)));
  fill(rooms.facts, runs(known), goods(order), moneyView(known, look), parcelsView(known, look), casesView(known), person(order));
  fill(rooms.notes, notes.map((note) => h("li", {}, h("span", {}, note.text), h("span", { class: "soft" }, moment(note.at)))));
}

function state(label, kind, code) {
  return h("span", { class: "soft" }, t(label), " ", badge(kind, code));
}

function casesView({ cases }) {
  if (!cases.length) return null;
  return h("section", { class: "panel" }, h("h2", {}, t("console.aftersales")),
    h("ul", { class: "cases" }, cases.map((found) => h("li", { class: "case" }, id(found.aftersale_id, `/console/aftersales/${found.aftersale_id}`), word("aftersale_kind", found.kind), badge("aftersale", found.state)))));
}

function legend() {
  return h("p", { class: "legend" }, ["saga", "money", "stock", "parcel"].map((lane) => h("span", { class: `lane ${lane}` }, t(`lane.${lane}`))));
}

function entry({ at, lane, title, detail, actor, workflow }) {
  return h("li", { class: lane },
    h("time", { datetime: at }, precise(at)),
    h("div", {}, h("b", {}, title), detail && h("span", { class: "soft detail" }, detail)),
    h("span", { class: "soft", title: actor ?? "" }, actorName(actor)),
    workflow ? runLink(workflow, "") : h("span", {}));
}

/** `operator:usr_…` is long; which one it was, hovering tells. */
function actorName(actor = "") {
  return actor.startsWith("operator:") ? `${t("audit.operator")} ${short(actor)}` : actor;
}

function runs({ order, parcels, refunds }) {
  const ids = [`checkout/${order.order_id}`, `payment-timeout/${order.order_id}`, ...parcels.map((parcel) => `fulfillment/${parcel.shipment_id}`), ...refunds.map((refund) => `refund/${refund.refund_id}`)];
  return h("section", { class: "panel" }, h("h2", {}, t("run.title")), h("ul", { class: "runs" }, ids.map((name) => h("li", {}, runLink(name, `${name.split("/")[0]} …${name.slice(-6)}`)))));
}

/** Each line with every reduction of its price, and the sums. */
function goods(order) {
  const rows = [["sum.goods", order.goods], ["sum.shipping", order.shipping]];
  return h("section", { class: "panel", id: "receipt" },
    h("h2", {}, t("checkout.goods")),
    h("ul", { class: "plain-list receipt" }, order.lines.map((line) => h("li", {},
      h("span", {}, half(line.title), line.options && ` ${line.options}`, ` × ${line.quantity}`, line.adjustments.map(reduction)),
      h("b", { title: t("sum.total") }, money(line.total))))),
    h("dl", { class: "figures" },
      rows.map(([name, amount]) => [h("dt", {}, t(name)), h("dd", {}, money(amount))]),
      order.discount.minor > 0 && [h("dt", {}, t("sum.discount")), h("dd", {}, `−${money(order.discount)}`)],
      order.points > 0 && [h("dt", {}, t("sum.points")), h("dd", {}, count(order.points))]),
    h("p", { class: "sum" }, h("span", {}, t("sum.total")), h("b", {}, money(order.total))));
}

/** One reduction; hovering tells the rule and version that gave it. */
function reduction(saved) {
  const name = saved.source === "points" ? t("offer.points") : half(saved.label);
  const rule = `${word("source", saved.source)} ${saved.coupon_id ?? saved.rule_id} v${saved.rule_version}`;
  return h("span", { class: "soft reduction", title: rule }, `${name} −${money(saved.amount)}`);
}

function moneyView({ payment, refunds }, look) {
  if (!payment) return null;
  const rows = [["sum.captured", payment.captured], ["sum.refunded", payment.refunded], ["sum.held", payment.held], ["sum.left", payment.left]];
  if (payment.charged_back.minor > 0) rows.splice(3, 0, ["sum.charged_back", payment.charged_back]);
  return h("section", { class: "panel", id: "money" },
    h("h2", {}, t("console.money"), " ", badge("payment_state", payment.state)),
    h("dl", { class: "figures" }, rows.map(([name, amount]) => [h("dt", {}, t(name)), h("dd", {}, money(amount))])),
    h("p", { class: "row" }, chargebackAction(payment, look)),
    refunds.map((refund) => h("p", { class: "row" }, badge("refund_state", refund.state), money(refund.amount), h("span", { class: "soft" }, word("refund_reason", refund.reason)), refundDecisions(refund, look))));
}

function parcelsView({ order, parcels }, look) {
  const names = new Map(order.lines.map((line) => [line.sku_id, half(line.title)]));
  const name = (skuId) => names.get(skuId) ?? skuId;
  if (!parcels.length) return null;
  return h("section", { class: "panel" }, h("h2", {}, t("order.parcels")), parcels.map((parcel) =>
    h("article", { class: "parcel" },
      h("p", { class: "row" }, badge("parcel", parcel.status), parcel.exception && h("b", {}, word("exception", parcel.exception)), id(parcel.shipment_id), h("span", { class: "soft" }, parcel.waybill && `${word("carrier", parcel.carrier)} ${parcel.waybill}`)),
      h("p", {}, parcel.items.map((item) => `${name(item.sku_id)} × ${item.quantity}`).join(", ")),
      parcel.estimated_at && parcel.status === "shipped" && h("p", { class: "soft" }, t("order.estimated", { day: day(parcel.estimated_at) })),
      parcel.tracking.length > 0 && parcelWay(parcel),
      h("p", { class: "row" }, labelButton(parcel), parcelActions(parcel, name, look)))));
}

function person({ address, note, user_id: userId, placed_at: placedAt }) {
  return h("section", { class: "panel" },
    h("h2", {}, t("console.buyer")),
    h("address", {}, h("b", {}, address.recipient), " ", address.phone, h("br"), [address.line, address.city, address.postal_code, address.country].filter(Boolean).join(", ")),
    note && h("p", {}, "“", note, "”"),
    h("p", { class: "soft" }, h("a", { href: `/console?find=${userId}` }, t("console.orders_of")), " · ", moment(placedAt)));
}

function noteForm(orderId, look) {
  const add = async ({ text }, node) => {
    await api.post(`/v1/operators/orders/${orderId}/notes`, { text });
    node.reset();
    await look();
  };
  return form(add, { fields: field(t("console.note.new"), { name: "text", tag: "textarea", required: true, maxlength: 2000, rows: 2 }), submit: t("console.note.add") });
}
