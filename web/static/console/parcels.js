// Parcels: what went wrong first, then any by what they wait for; each with its label and its way; and what a warehouse has to pick.

import { fill, h } from "../lib/dom.js";
import { day, moment, short } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { badge, button, empty, endless, field } from "../lib/ui.js";
import { api, can, runLink, skuNames, warehouses } from "./context.js";
import { parcelActions } from "./parcel_actions.js";
import { id, plainSkuName, skuName, storeName, table } from "./pieces.js";

const STATUSES = ["exception", "picking", "outbound", "shipped", "delivered", "returning", "signed", "returned", "stopped"];
const HEADS = ["col.parcel", "col.goods", "col.status", "col.carrier", "col.estimated", ""];
const AT_ONCE = 30;

/** The queue of exceptions, or the parcels that the address asks for. */
export async function parcelsPage({ visit, query }) {
  visit.wait("list");
  const [names, stores] = await Promise.all([skuNames(), warehouses()]);
  const asked = { status: query.get("status") ?? "exception", warehouse_id: query.get("warehouse") ?? "" };
  const load = (cursor) => api.get("/v1/operators/shipments", { query: { ...asked, limit: AT_ONCE, cursor }, signal: visit.signal });
  const again = () => visit.router.show({ scroll: false });
  const first = await load();
  const body = h("tbody", {});
  const more = endless(first, { into: body, row: (parcel) => row(parcel, names, stores, again), load });
  visit.show(t("console.parcels"),
    h("h1", {}, t("console.parcels")),
    filters(asked, stores, visit),
    asked.status === "picking" && asked.warehouse_id && can("stock") && (await pickingList(asked.warehouse_id, visit.signal)),
    first.items.length ? [table(HEADS, body), more] : empty("check", t(asked.status === "exception" ? "parcels.no_exceptions" : "console.nothing")));
}

function filters(asked, stores, visit) {
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([name, value]) => value || name === "status");
    visit.router.go(`/console/parcels?${new URLSearchParams(given)}`);
  };
  const houses = [["", t("console.any")], ...[...stores.values()].map((one) => [one.warehouse_id, `${half(one.name)} (${one.code})`])];
  const states = [["", t("console.any")], ...STATUSES.map((status) => [status, word("parcel", status)])];
  return h("form", { class: "filters", role: "search", on: { submit: go } },
    field(t("col.status"), { name: "status", value: asked.status, options: states }),
    houses.length > 1 && field(t("col.warehouse"), { name: "warehouse", value: asked.warehouse_id, options: houses }),
    h("button", { class: "button main", type: "submit" }, t("search.go")));
}

function row(parcel, names, stores, again) {
  const way = h("td", { colspan: HEADS.length }, parcelWay(parcel));
  const details = h("tr", { hidden: true }, way);
  const show = button(t("parcels.way"), () => { details.hidden = !details.hidden; }, { kind: "small" });
  const shown = h("tr", {},
    h("td", {}, id(parcel.shipment_id), h("br"), id(parcel.order_id, `/console/orders/${parcel.order_id}`), h("br"), storeName(stores, parcel.warehouse_id), parcel.aftersale_id && h("span", { class: "badge" }, t("parcels.exchange"))),
    h("td", {}, parcel.items.map((item) => h("div", {}, skuName(names, item.sku_id), ` × ${item.quantity}`))),
    h("td", {}, parcel.exception && parcel.status === "exception" ? h("span", { class: "badge exception" }, word("exception", parcel.exception)) : badge("parcel", parcel.status)),
    h("td", {}, carrierOf(parcel)),
    h("td", { class: "soft" }, arrival(parcel)),
    h("td", {}, h("span", { class: "row parcel-actions" }, runLink(`fulfillment/${parcel.shipment_id}`, ""), show, labelButton(parcel), parcelActions(parcel, (skuId) => plainSkuName(names, skuId), again))));
  const both = document.createDocumentFragment();
  both.append(shown, details);
  return both;
}

function arrival(parcel) {
  if (parcel.signed_at) return moment(parcel.signed_at);
  return parcel.estimated_at && parcel.status === "shipped" ? day(parcel.estimated_at) : "–";
}

function carrierOf(parcel) {
  if (!parcel.waybill) return "–";
  return [word("carrier", parcel.carrier), h("br"), h("code", {}, parcel.waybill)];
}

/** Everything that is known of a parcel's way, the newest first. */
export function parcelWay(parcel) {
  if (!parcel.tracking.length) return h("p", { class: "soft" }, t("parcels.no_reports"));
  return h("ol", { class: "way" }, [...parcel.tracking].reverse().map((event) => h("li", {},
    h("time", { datetime: event.at }, moment(event.at)), h("b", {}, word("tracking", event.status)), h("span", { class: "soft" }, [event.place, event.detail].filter(Boolean).join(" · ")))));
}

/** Saves the label, ready to print. */
export function labelButton(parcel) {
  if (!parcel.waybill || !can("stock")) return null;
  return button(t("parcels.label"), async () => {
    const pdf = await api.blob(`/v1/operators/shipments/${parcel.shipment_id}/label`);
    const address = URL.createObjectURL(pdf);
    h("a", { href: address, download: `${parcel.waybill}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }, { kind: "small" });
}

async function pickingList(warehouseId, signal) {
  const list = await api.get("/v1/operators/picking-list", { query: { warehouse_id: warehouseId }, signal });
  if (!list.parcels.length) return null;
  const name = (item) => `${half(item.title)} ${item.options}`.trim() || short(item.sku_id);
  const together = h("ul", { class: "picking" }, list.together.map((item) => h("li", {}, h("b", {}, `${item.quantity} ×`), " ", name(item))));
  const boxes = h("ol", { class: "picking" });
  fill(boxes, list.parcels.map((box) => h("li", {}, id(box.shipment_id), " ", box.items.map((item) => `${item.quantity} × ${name(item)}`).join(", "), box.note && h("span", { class: "soft" }, ` “${box.note}”`))));
  return h("section", { class: "panel", id: "picking-list" },
    h("header", { class: "order-head" }, h("h2", {}, t("parcels.picking_list")), button(t("parcels.print"), () => window.print(), { kind: "small" })),
    h("h3", {}, t("parcels.together")), together,
    h("h3", {}, t("parcels.boxes")), boxes);
}
