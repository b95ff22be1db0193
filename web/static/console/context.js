// What every page of the console uses: the operator, what they may do, the api, and where Temporal shows a run.

import { h, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Api } from "../lib/http.js";
import { Session } from "../lib/session.js";

export const session = new Session("console");
export const api = new Api(session);

let operator = null;

/** Ask who is logged in; null when nobody is, or an account without any permission. */
export async function whoAmI() {
  await session.token();
  operator = session.isOpen ? await api.get("/v1/users/me") : null;
  return operator;
}

/** Whether the operator has one of these permissions. */
export function can(...permissions) {
  return permissions.some((permission) => operator?.permissions.includes(permission));
}

/** A link to a workflow in Temporal's Web UI. */
export function runLink(workflowId, text = t("run.open")) {
  const runs = document.querySelector('meta[name="temporal-runs"]').content;
  const href = `${runs}/${encodeURIComponent(workflowId)}`;
  return h("a", { class: "run", href, target: "_blank", rel: "noreferrer", title: workflowId, "aria-label": workflowId }, icon("link"), text);
}

const NAMED_AT_MOST = 5;
let names;

/** Titles and codes of SKUs, for who may read the catalogue: of its newest 500 products. Others are shown by their id. */
export function skuNames() {
  names ??= can("catalogue") ? readNames() : Promise.resolve(new Map());
  return names;
}

async function readNames() {
  const found = new Map();
  let cursor;
  for (let page = 0; page < NAMED_AT_MOST && cursor !== null; page += 1) {
    const { items, next } = await api.get("/v1/catalogue/products", { query: { limit: 100, cursor } });
    for (const product of items) for (const sku of product.skus) found.set(sku.sku_id, { title: product.title, code: sku.code, sku, product });
    cursor = next;
  }
  return found;
}

let stores;

/** Warehouses by id, for who works with stock. */
export function warehouses() {
  stores ??= can("stock") ? api.get("/v1/inventory/warehouses", { query: { limit: 100 } }).then(byId) : Promise.resolve(new Map());
  return stores;
}

function byId({ items }) {
  return new Map(items.map((warehouse) => [warehouse.warehouse_id, warehouse]));
}
