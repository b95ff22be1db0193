// Queues of work: what waits for a person, the oldest first.

import { h, icon } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { badge } from "../lib/ui.js";
import { caseRow, caseTable } from "./aftersales.js";
import { api, can, runLink, skuNames, warehouses } from "./context.js";
import { refundDecisions } from "./order_actions.js";
import { parcelActions } from "./parcel_actions.js";
import { id, plainSkuName, skuName, storeName, table } from "./pieces.js";

const AT_ONCE = 50;

/** Every queue this operator may see, with its length. */
export async function workPage({ visit }) {
  visit.wait("list");
  const get = (path, query) => api.get(path, { query: { ...query, limit: AT_ONCE }, signal: visit.signal });
  const parcels = can("orders", "service", "stock");
  const again = () => visit.router.show({ scroll: false });
  const cases = (state) => (can("service", "stock") ? get("/v1/operators/aftersales", { state }) : null);
  const [auditing, received, stuck, picking, waiting, exceptions, refused, mismatches, low, names, stores] = await Promise.all([
    cases("auditing"),
    cases("received"),
    cases("refund_refused"),
    parcels ? get("/v1/operators/shipments", { status: "picking" }) : null,
    parcels ? get("/v1/operators/shipments", { status: "waiting" }) : null,
    parcels ? get("/v1/operators/shipments", { status: "exception" }) : null,
    can("finance") ? get("/v1/operators/refunds", { state: "refused" }) : null,
    can("finance") ? get("/v1/operators/payments/mismatches") : null,
    can("stock") ? get("/v1/inventory/levels", { only_low: true }) : null,
    skuNames(),
    warehouses(),
  ]);
  visit.show(t("console.work"),
    h("h1", {}, t("console.work")),
    queue("work.aftersales", auditing, () => queueOfCases(auditing.items, names)),
    queue("work.inspections", received, () => queueOfCases(received.items, names)),
    queue("work.stuck_refunds", stuck, () => queueOfCases(stuck.items, names)),
    queue("work.exceptions", exceptions, () => parcelTable(exceptions.items, names, stores, again)),
    queue("work.picking", picking, () => parcelTable(picking.items, names, stores, again)),
    queue("work.waiting", waiting, () => parcelTable(waiting.items, names, stores, again)),
    queue("work.refunds", refused, () => refundTable(refused.items, again)),
    queue("work.mismatches", mismatches && { items: mismatches, next: null }, () => mismatchTable(mismatches)),
    queue("work.low", low, () => levelTable(low.items, names, stores)));
}

function queue(title, page, content) {
  if (!page) return null;
  const length = `${page.items.length}${page.next ? "+" : ""}`;
  return h("section", { class: "panel queue" },
    h("h2", {}, t(title), " ", h("span", { class: `badge ${page.items.length ? "pending" : "done"}` }, length)),
    page.items.length ? content() : h("p", { class: "soft row" }, icon("check"), t("work.nothing")));
}

function queueOfCases(cases, names) {
  return caseTable(h("tbody", {}, cases.map((found) => caseRow(found, names))));
}

function parcelTable(parcels, names, stores, again) {
  return table(["col.parcel", "col.order", "col.warehouse", "col.goods", "col.status", "col.since", "run.title", ""], h("tbody", {}, parcels.map((parcel) => h("tr", {},
    h("td", {}, id(parcel.shipment_id)),
    h("td", {}, id(parcel.order_id, `/console/orders/${parcel.order_id}`)),
    h("td", {}, storeName(stores, parcel.warehouse_id)),
    h("td", {}, parcel.items.map((item) => [skuName(names, item.sku_id), ` × ${item.quantity} `])),
    h("td", {}, parcel.exception ? h("span", { class: "badge exception" }, word("exception", parcel.exception)) : badge("parcel", parcel.status)),
    h("td", { class: "soft" }, moment(parcel.created_at)),
    h("td", {}, runLink(`fulfillment/${parcel.shipment_id}`)),
    h("td", {}, h("span", { class: "row tight" }, parcelActions(parcel, (skuId) => plainSkuName(names, skuId), again)))))));
}

function refundTable(refunds, again) {
  return table(["col.refund", "col.order", "col.amount", "col.why", "col.since", "run.title", "decision"], h("tbody", {}, refunds.map((refund) => h("tr", {},
    h("td", {}, id(refund.refund_id)),
    h("td", {}, id(refund.order_id, `/console/orders/${refund.order_id}`)),
    h("td", { class: "number" }, money(refund.amount)),
    h("td", {}, refund.refusal ?? word("refund_reason", refund.reason)),
    h("td", { class: "soft" }, moment(refund.created_at)),
    h("td", {}, runLink(`refund/${refund.refund_id}`)),
    h("td", {}, h("span", { class: "row" }, refundDecisions(refund, again)))))));
}

function mismatchTable(mismatches) {
  return table(["col.payment", "col.channel", "col.expected", "col.reported", "col.why", "col.since"], h("tbody", {}, mismatches.map((one) => h("tr", {},
    h("td", {}, id(one.payment_id)),
    h("td", {}, one.channel, " ", h("code", { class: "soft" }, one.channel_transaction)),
    h("td", { class: "number" }, money(one.expected)),
    h("td", { class: "number" }, money(one.reported)),
    h("td", {}, word("mismatch", one.why)),
    h("td", { class: "soft" }, moment(one.at))))));
}

function levelTable(levels, names, stores) {
  return table(["col.sku", "col.warehouse", "col.available", "col.low_at"], h("tbody", {}, levels.map((level) => h("tr", {},
    h("td", {}, skuName(names, level.sku_id)),
    h("td", {}, storeName(stores, level.warehouse_id)),
    h("td", { class: "number" }, h("a", { href: `/console/stock?sku=${level.sku_id}` }, level.available)),
    h("td", { class: "number" }, level.low_at)))));
}
