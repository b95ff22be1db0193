// Goods between warehouses: plan a transfer, let it leave, receive it, write losses off, call it back.

import { h } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api, runLink, skuNames, warehouses } from "./context.js";
import { id, plainSkuName, skuName, storeName, table } from "./pieces.js";

const HEADS = ["col.transfer", "transfer.way", "col.goods", "col.status", "col.since", ""];
const STATES = ["planned", "in_transit", "returning", "completed", "cancelled"];
const UNDER_WAY = ["in_transit", "returning"];
const SKU = "\\s*sku_[0-9a-z]{26}\\s*";

/** Transfers, newest first, narrowed by the address. */
export async function transfersPage({ visit, query }) {
  visit.wait("list");
  const [names, stores] = await Promise.all([skuNames(), warehouses()]);
  const asked = { state: query.get("state"), warehouse_id: query.get("warehouse") };
  const load = (cursor) => api.get("/v1/inventory/transfers", { query: { ...asked, limit: 25, cursor }, signal: visit.signal });
  const first = await load();
  const again = () => visit.router.show({ scroll: false });
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: (transfer) => row(transfer, names, stores, again), load });
  visit.show(t("console.transfers"),
    h("header", { class: "order-head" }, h("h1", {}, t("console.transfers")), button(t("transfer.plan"), () => plan(stores, again), { kind: "main" })),
    filters(asked, stores, visit),
    first.items.length ? [table(HEADS, rows), more] : empty("stock", t("console.nothing")));
}

function filters(asked, stores, visit) {
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value);
    visit.router.go(`/console/transfers?${new URLSearchParams(given)}`);
  };
  return h("form", { class: "filters", role: "search", on: { submit: go } },
    field(t("col.status"), { name: "state", value: asked.state ?? "", options: [["", t("console.any")], ...STATES.map((state) => [state, t(`transfer.${state}`)])] }),
    field(t("col.warehouse"), { name: "warehouse", value: asked.warehouse_id ?? "", options: [["", t("console.any")], ...places(stores)] }),
    h("button", { class: "button main", type: "submit" }, t("search.go")));
}

function places(stores) {
  return [...stores.values()].map((one) => [one.warehouse_id, `${half(one.name)} (${one.code})`]);
}

function row(transfer, names, stores, again) {
  const left = transfer.lines.reduce((sum, line) => sum + line.in_transit, 0);
  return h("tr", {},
    h("td", {}, h("div", {}, id(transfer.transfer_id)), runLink(`transfer/${transfer.transfer_id}`)),
    h("td", {}, h("div", {}, storeName(stores, transfer.from_warehouse_id)), h("div", {}, "→ ", storeName(stores, transfer.to_warehouse_id))),
    h("td", {}, transfer.lines.map((line) => h("div", {}, skuName(names, line.sku_id), ` × ${line.quantity}`, h("span", { class: "soft" }, fate(line))))),
    h("td", {}, badge("transfer", transfer.state), left ? h("div", { class: "soft" }, t("transfer.under_way", { n: left })) : null),
    h("td", { class: "soft" }, h("div", {}, moment(transfer.changed_at)), transfer.note),
    h("td", {}, h("span", { class: "row tight" }, actions(transfer, names, again))));
}

/** What became of a line, as far as it is known. */
function fate(line) {
  const parts = ["arrived", "returned", "lost"].filter((kind) => line[kind]).map((kind) => t(`transfer.line.${kind}`, { n: line[kind] }));
  return parts.length ? ` (${parts.join(", ")})` : "";
}

function actions(transfer, names, again) {
  const act = (verb, content, body) => button(t(`transfer.${verb}`), () => ask(transfer, verb, content, body, again), { kind: "small" });
  const why = () => field(t("transfer.reason"), { name: "reason", required: true, maxlength: 200 });
  const reason = ({ reason: said }) => ({ reason: said });
  return [
    transfer.state === "planned" && act("dispatch", null, () => undefined),
    UNDER_WAY.includes(transfer.state) && act("arrive", units(transfer, names), (values) => ({ lines: counted(transfer, values) })),
    UNDER_WAY.includes(transfer.state) && act("lose", [units(transfer, names, 0), why()], (values) => ({ lines: counted(transfer, values), ...reason(values) })),
    ["planned", "in_transit"].includes(transfer.state) && act("recall", why(), reason),
  ];
}

/** One field for each line of which something is still on its way. */
function units(transfer, names, usual) {
  return h("div", { class: "form-grid" }, transfer.lines.filter((line) => line.in_transit).map((line) =>
    field(plainSkuName(names, line.sku_id), { name: line.sku_id, type: "number", min: 0, max: line.in_transit, value: usual ?? line.in_transit, required: true })));
}

function counted(transfer, values) {
  return transfer.lines.map((line) => ({ sku_id: line.sku_id, quantity: Number(values[line.sku_id] ?? 0) })).filter((line) => line.quantity > 0);
}

async function ask(transfer, verb, content, body, again) {
  const key = newKey();
  const went = await dialog(t(`transfer.${verb}`), {
    content: [h("p", { class: "soft" }, t(`transfer.${verb}.more`)), content],
    submit: t(`transfer.${verb}`),
    act: (values) => api.post(`/v1/inventory/transfers/${transfer.transfer_id}/${verb}`, body(values), { key }),
  });
  if (!went) return;
  say(t("console.done"));
  await again();
}

async function plan(stores, again) {
  const key = newKey();
  const went = await dialog(t("transfer.plan"), {
    content: [
      h("p", { class: "soft" }, t("transfer.plan.more")),
      field(t("transfer.from"), { name: "from_warehouse_id", required: true, options: places(stores) }),
      field(t("transfer.to"), { name: "to_warehouse_id", required: true, options: places(stores) }),
      [1, 2, 3].map((number) => h("div", { class: "form-grid" },
        field(t("stock.sku_id"), { name: `sku${number}`, placeholder: "sku_…", pattern: SKU, required: number === 1 }),
        field(t("stock.quantity"), { name: `units${number}`, type: "number", min: 1, required: number === 1 }))),
      field(t("col.note"), { name: "note", maxlength: 200 }),
    ],
    submit: t("transfer.plan"),
    act: (values) => api.post("/v1/inventory/transfers", planned(values), { key }),
  });
  if (!went) return;
  say(t("console.done"));
  await again();
}

function planned(values) {
  const lines = [1, 2, 3].map((number) => ({ sku_id: values[`sku${number}`].trim(), quantity: Number(values[`units${number}`]) }));
  return { from_warehouse_id: values.from_warehouse_id, to_warehouse_id: values.to_warehouse_id, note: values.note, lines: lines.filter((line) => line.sku_id && line.quantity) };
}
