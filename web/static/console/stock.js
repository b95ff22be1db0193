// Stock by warehouse and SKU, its journal, and what operators do to it.

import { h } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { sellAhead, split } from "./ahead.js";
import { api, skuNames, warehouses } from "./context.js";
import { id, skuName, storeName, table } from "./pieces.js";

const COLUMNS = ["col.sku", "col.warehouse", "col.on_hand", "col.reserved", "col.safety", "col.available", "col.claimed", "col.low_at", ""];
const HEADS = ["col.since", "col.why", "col.delta", "col.on_hand", "col.reference", "col.actor", "col.note"];

/** Levels, narrowed by the address; with one SKU chosen its journal too. */
export async function stockPage({ visit, query }) {
  visit.wait("list");
  const [names, stores] = await Promise.all([skuNames(), warehouses()]);
  const asked = { warehouse_id: query.get("warehouse"), sku_id: query.get("sku"), only_low: query.get("low") ? "true" : "" };
  const load = (cursor) => api.get("/v1/inventory/levels", { query: { ...asked, limit: 50, cursor }, signal: visit.signal });
  const first = await load();
  const again = () => visit.router.show({ scroll: false });
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: (level) => row(level, names, stores, again), load });
  visit.show(t("console.stock"),
    h("header", { class: "order-head" }, h("h1", {}, t("console.stock")), button(t("stock.receive_new"), () => receive({ warehouse_id: asked.warehouse_id ?? "", sku_id: asked.sku_id ?? "" }, stores, again), { kind: "main" })),
    filters(asked, stores, visit),
    first.items.length ? [table(COLUMNS, rows), more] : empty("stock", t("console.nothing")),
    asked.sku_id && (await journal(asked, stores, visit.signal)));
}

function filters(asked, stores, visit) {
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value);
    visit.router.go(`/console/stock?${new URLSearchParams(given)}`);
  };
  return h("form", { class: "filters", role: "search", on: { submit: go } },
    field(t("col.warehouse"), { name: "warehouse", value: asked.warehouse_id ?? "", options: choices(stores, t("console.any")) }),
    field(t("stock.sku_id"), { name: "sku", value: asked.sku_id ?? "", placeholder: "sku_…", pattern: "\\s*sku_[0-9a-z]{26}\\s*" }),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "low", value: "1", checked: asked.only_low !== "" }), t("stock.only_low")),
    h("button", { class: "button main", type: "submit" }, t("search.go")));
}

function choices(stores, none) {
  return [["", none], ...[...stores.values()].map((one) => [one.warehouse_id, `${half(one.name)} (${one.code})`])];
}

function row(level, names, stores, again) {
  const low = level.available <= level.low_at;
  const number = (value, kind = "") => h("td", { class: `number ${kind}` }, value);
  const act = (name, ask) => button(t(`stock.${name}`), () => ask(level, again), { kind: "small" });
  return h("tr", {},
    h("td", {}, h("a", { href: `/console/stock?sku=${level.sku_id}` }, skuName(names, level.sku_id))),
    h("td", {}, storeName(stores, level.warehouse_id), " ", level.split_over ? h("span", { class: "badge", title: t("stock.hot.hint", { n: level.split_over }) }, t("stock.hot")) : null),
    number(level.on_hand), number(level.reserved), number(level.safety),
    h("td", { class: "number" }, low ? h("span", { class: "badge low" }, level.available) : level.available),
    h("td", { class: "number" }, level.claimed ? h("a", { href: `/console/claims?sku=${level.sku_id}&warehouse=${level.warehouse_id}` }, level.claimed) : level.claimed),
    number(level.low_at),
    h("td", {}, h("span", { class: "row tight" },
      button(t("stock.receive"), () => receive(level, stores, again), { kind: "small" }),
      act("adjust", adjust), act("count", count), act("thresholds", thresholds)),
      h("span", { class: "row tight" }, act("ahead", sellAhead), act("split", split))));
}

/** One change of one level: the fields, then a POST under one key. */
async function change(verb, level, fields, body, again) {
  const key = newKey();
  const went = await dialog(t(`stock.${verb}`), {
    content: [h("p", { class: "soft" }, t(`stock.${verb}.more`)), fields],
    submit: t(`stock.${verb}`),
    act: (values) => api.post(`/v1/inventory/${verb}`, { warehouse_id: level.warehouse_id, sku_id: level.sku_id, ...body(values) }, { key }),
  });
  if (went) {
    say(t("console.done"));
    await again();
  }
}

function receive(level, stores, again) {
  const fields = [
    field(t("col.warehouse"), { name: "warehouse_id", value: level.warehouse_id, required: true, options: choices(stores, "") }),
    field(t("stock.sku_id"), { name: "sku_id", value: level.sku_id, required: true, pattern: "sku_[0-9a-z]{26}" }),
    field(t("stock.quantity"), { name: "quantity", type: "number", min: 1, required: true }),
    field(t("col.note"), { name: "note", maxlength: 200 }),
  ];
  return change("receive", level, fields, (values) => ({ ...values, quantity: Number(values.quantity) }), again);
}

function adjust(level, again) {
  const fields = [field(t("stock.delta"), { name: "delta", type: "number", min: -level.on_hand, required: true }), field(t("stock.why"), { name: "note", required: true, maxlength: 200 })];
  return change("adjust", level, fields, ({ delta, note }) => ({ delta: Number(delta), note }), again);
}

function count(level, again) {
  const fields = [field(t("stock.found"), { name: "on_hand", type: "number", min: 0, value: level.on_hand, required: true }), field(t("col.note"), { name: "note", maxlength: 200 })];
  return change("count", level, fields, (values) => ({ on_hand: Number(values.on_hand), note: values.note }), again);
}

async function thresholds(level, again) {
  const went = await dialog(t("stock.thresholds"), {
    content: [
      field(t("col.safety"), { name: "safety", type: "number", min: 0, value: level.safety, required: true, hint: t("stock.safety.hint") }),
      field(t("col.low_at"), { name: "low_at", type: "number", min: 0, value: level.low_at, required: true, hint: t("stock.low_at.hint") }),
    ],
    submit: t("account.save"),
    act: ({ safety, low_at: lowAt }) => api.put(`/v1/inventory/levels/${level.warehouse_id}/${level.sku_id}/thresholds`, { safety: Number(safety), low_at: Number(lowAt) }),
  });
  if (went) await again();
}

async function journal(asked, stores, signal) {
  const load = (cursor) => api.get("/v1/inventory/journal", { query: { sku_id: asked.sku_id, warehouse_id: asked.warehouse_id, limit: 25, cursor }, signal });
  const rows = h("tbody", {});
  const more = endless(await load(), { into: rows, row: (movement) => movementRow(movement, stores), load });
  return h("section", { class: "panel" }, h("h2", {}, t("stock.journal")), table(HEADS, rows), more);
}

function movementRow(movement, stores) {
  const order = movement.reference.startsWith("ord_") ? `/console/orders/${movement.reference}` : null;
  return h("tr", {},
    h("td", { class: "soft" }, moment(movement.at)),
    h("td", {}, word("movement", movement.reason), " ", h("span", { class: "soft" }, stores.get(movement.warehouse_id)?.code)),
    h("td", { class: "number" }, movement.delta > 0 ? `+${movement.delta}` : movement.delta),
    h("td", { class: "number" }, movement.on_hand_after),
    h("td", {}, id(movement.reference, order)),
    h("td", {}, movement.actor.includes("_") ? id(movement.actor) : movement.actor),
    h("td", {}, movement.note));
}
