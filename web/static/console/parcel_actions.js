// What an operator may do to a parcel: let it out, split it, sign it off, report and decide what went wrong, take it back.

import { h } from "../lib/dom.js";
import { t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { button, dialog, field, say } from "../lib/ui.js";
import { api, can } from "./context.js";

const UNDER_WAY = ["shipped", "delivered"];
const TROUBLES = ["lost", "damaged", "refused", "address_error"];

/** Buttons for what is possible now; `name` tells what a SKU is called. */
export function parcelActions(parcel, name, look) {
  if (!can("stock")) return [];
  const act = (verb, content, body) => button(t(`parcel.${verb}`), () => ask(parcel, verb, content, body, look), { kind: "small" });
  const isWaiting = parcel.status === "exception" && ["lost", "damaged"].includes(parcel.exception);
  return [
    parcel.status === "picking" && act("dispatch", picking(parcel, name), (values) => found(parcel, values)),
    parcel.status === "picking" && isDivisible(parcel) && act("split", splitting(parcel, name), (values) => ({ items: taken(parcel, values) })),
    isWaiting && act("decide", deciding(), ({ decision }) => ({ decision })),
    parcel.status === "returning" && act("receive-back", resellable(), (values) => ({ resellable: "resellable" in values })),
    (UNDER_WAY.includes(parcel.status) || isWaiting) && act("sign-off", field(t("parcel.proof"), { name: "proof", maxlength: 500 }), ({ proof }) => ({ proof })),
    UNDER_WAY.includes(parcel.status) && act("exceptions", trouble(), ({ kind, detail }) => ({ kind, detail })),
  ];
}

async function ask(parcel, verb, content, body, look) {
  const key = newKey();
  const went = await dialog(t(`parcel.${verb}`), {
    content: [h("p", { class: "soft" }, t(`parcel.${verb}.more`)), content],
    submit: t(`parcel.${verb}`),
    act: (values) => api.post(`/v1/shipments/${parcel.shipment_id}/${verb}`, body(values), { key }),
  });
  if (!went) return;
  say(t("console.done"));
  await look();
}

function picking(parcel, name) {
  return h("div", { class: "form-grid" }, parcel.items.map((item) =>
    field(name(item.sku_id), { name: item.sku_id, type: "number", min: 0, max: item.quantity, value: item.quantity, required: true })));
}

/** What was found, when that is less than what belongs into the parcel. */
function found(parcel, values) {
  const picked = parcel.items.map((item) => ({ sku_id: item.sku_id, quantity: Number(values[item.sku_id]) }));
  const isWhole = picked.every((line, index) => line.quantity === parcel.items[index].quantity);
  return isWhole ? {} : { picked: picked.filter((line) => line.quantity > 0) };
}

function isDivisible(parcel) {
  return parcel.round === 1 && parcel.items.reduce((units, item) => units + item.quantity, 0) > 1;
}

/** How many of each go into a parcel of their own. */
function splitting(parcel, name) {
  return h("div", { class: "form-grid" }, parcel.items.map((item) =>
    field(name(item.sku_id), { name: item.sku_id, type: "number", min: 0, max: item.quantity, value: 0, required: true })));
}

function taken(parcel, values) {
  return parcel.items.map((item) => ({ sku_id: item.sku_id, quantity: Number(values[item.sku_id]) })).filter((line) => line.quantity > 0);
}

function deciding() {
  return field(t("decision"), { name: "decision", options: [["reship", t("parcel.reship")], ["refund", t("commit.refund")]] });
}

function resellable() {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name: "resellable", checked: true }), t("parcel.resellable"));
}

function trouble() {
  return [
    field(t("col.why"), { name: "kind", options: TROUBLES.map((kind) => [kind, word("exception", kind)]) }),
    field(t("parcel.detail"), { name: "detail", maxlength: 500 }),
  ];
}
