// What is sold before it is there: who waits for goods, and what an operator says about a level.

import { h } from "../lib/dom.js";
import { day, moment } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api, skuNames, warehouses } from "./context.js";
import { id, skuName, storeName, table } from "./pieces.js";

const HEADS = ["claim.place", "col.order", "col.sku", "col.quantity", "col.warehouse", "claim.policy", "claim.ships_by", "col.status"];
const STATES = ["open", "filled", "committed", "released"];
const POLICIES = ["never", "backorder", "preorder"];

/** Claims in the order of their queue; without a choice those that still wait. */
export async function claimsPage({ visit, query }) {
  visit.wait("list");
  const [names, stores] = await Promise.all([skuNames(), warehouses()]);
  const state = query.get("state") ?? "open";
  const asked = { state: state === "all" ? null : state, sku_id: query.get("sku"), warehouse_id: query.get("warehouse") };
  const load = (cursor) => api.get("/v1/inventory/claims", { query: { ...asked, limit: 50, cursor }, signal: visit.signal });
  const first = await load();
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: (claim) => row(claim, names, stores), load });
  visit.show(t("console.claims"),
    h("h1", {}, t("console.claims")),
    h("p", { class: "soft" }, t("claim.more")),
    filters(state, asked, stores, visit),
    first.items.length ? [table(HEADS, rows), more] : empty("stock", t("claim.nobody")));
}

function filters(state, asked, stores, visit) {
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value);
    visit.router.go(`/console/claims?${new URLSearchParams(given)}`);
  };
  const places = [...stores.values()].map((one) => [one.warehouse_id, `${half(one.name)} (${one.code})`]);
  return h("form", { class: "filters", role: "search", on: { submit: go } },
    field(t("col.status"), { name: "state", value: state, options: [["all", t("console.any")], ...STATES.map((one) => [one, t(`claim.${one}`)])] }),
    field(t("col.warehouse"), { name: "warehouse", value: asked.warehouse_id ?? "", options: [["", t("console.any")], ...places] }),
    field(t("stock.sku_id"), { name: "sku", value: asked.sku_id ?? "", placeholder: "sku_…", pattern: "\\s*sku_[0-9a-z]{26}\\s*" }),
    h("button", { class: "button main", type: "submit" }, t("search.go")));
}

function row(claim, names, stores) {
  const isLate = claim.state === "open" && new Date(claim.ships_by) < new Date();
  return h("tr", {},
    h("td", { class: "number" }, claim.number),
    h("td", {}, id(claim.order_id, `/console/orders/${claim.order_id}`)),
    h("td", {}, h("a", { href: `/console/stock?sku=${claim.sku_id}` }, skuName(names, claim.sku_id))),
    h("td", { class: "number" }, claim.quantity),
    h("td", {}, storeName(stores, claim.warehouse_id)),
    h("td", {}, t(`ahead.${claim.policy}`)),
    h("td", {}, isLate ? h("span", { class: "badge low" }, day(claim.ships_by)) : day(claim.ships_by)),
    h("td", {}, badge("claim", claim.state), h("div", { class: "soft" }, moment(claim.claimed_at))));
}

/** Whether and how a level sells ahead of its stock. */
export async function sellAhead(level, again) {
  const path = `/v1/inventory/levels/${level.warehouse_id}/${level.sku_id}/selling-ahead`;
  const now = await api.get(path);
  const went = await dialog(t("stock.ahead"), {
    content: [
      h("p", { class: "soft" }, t("stock.ahead.more", { waiting: now.waiting, sold: now.sold_ahead })),
      field(t("claim.policy"), { name: "policy", value: now.policy, options: POLICIES.map((one) => [one, t(`ahead.${one}`)]) }),
      field(t("ahead.limit"), { name: "limit", type: "number", min: 1, value: now.limit || "", hint: t("ahead.limit.hint") }),
      field(t("ahead.within_days"), { name: "within_days", type: "number", min: 1, max: 365, value: now.within_days ?? "", hint: t("ahead.within_days.hint") }),
      field(t("ahead.release_at"), { name: "release_at", type: "datetime-local", value: local(now.release_at), hint: t("ahead.release_at.hint") }),
    ],
    submit: t("account.save"),
    act: (values) => api.put(path, setting(values), { version: now.version }),
  });
  if (!went) return;
  say(t("console.done"));
  await again();
}

/** Only what the policy takes is sent; what stands in the other fields is not meant. */
function setting({ policy, limit, within_days: days, release_at: release }) {
  if (policy === "never") return { policy };
  if (policy === "backorder") return { policy, limit: Number(limit), within_days: Number(days) };
  return { policy, limit: Number(limit), release_at: release ? new Date(release).toISOString() : null };
}

function local(instant) {
  if (!instant) return "";
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Over how many rows crowds buy from a level, and who decides. */
export async function split(level, again) {
  const path = `/v1/inventory/levels/${level.warehouse_id}/${level.sku_id}/splitting`;
  const now = await api.get(path);
  const modes = ["automatic", "always", "never"];
  const went = await dialog(t("stock.split"), {
    content: [
      h("p", { class: "soft" }, t("stock.split.more", { n: now.split_over })),
      field(t("stock.split.mode"), { name: "mode", value: now.mode, options: modes.map((mode) => [mode, t(`split.${mode}`)]) }),
      field(t("stock.split.rows"), { name: "rows", type: "number", min: 2, max: 64, value: now.rows, required: true }),
    ],
    submit: t("account.save"),
    act: ({ mode, rows }) => api.put(path, { mode, rows: Number(rows) }, { version: now.version }),
  });
  if (!went) return;
  say(t("console.done"));
  await again();
}
