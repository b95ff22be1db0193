// Pieces of the console that several pages show.

import { h } from "../lib/dom.js";
import { half, t } from "../lib/i18n.js";
import { short } from "../lib/format.js";

const NUMBERS = new Set(["col.total", "col.amount", "col.expected", "col.reported", "col.on_hand", "col.reserved", "col.safety", "col.available", "col.low_at", "col.delta", "col.skus", "col.price", "col.weight", "books.debit", "books.credit", "books.net", "books.covered", "recon.lines", "recon.differences", "recon.repairs", "recon.count", "recon.line", "recon.ours", "recon.theirs", "recon.apart", "col.claimed", "col.quantity", "claim.place"]);

/** A table that scrolls sideways by itself; `heads` are keys of words. */
export function table(heads, body) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t(heads[0]) },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col", class: NUMBERS.has(head) ? "number" : false }, head && t(head))))), body));
}

/** An id, shortened; hovering shows it whole, the link goes where it is at home. */
export function id(text, href) {
  const shown = h("code", { title: text }, short(text));
  return href ? h("a", { href }, shown) : shown;
}

/** A SKU by its title and code where they are known, else by its id. */
export function skuName(names, skuId) {
  const known = names.get(skuId);
  if (!known) return h("code", { title: skuId }, short(skuId));
  const options = Object.values(known.sku.options).join(" / ");
  return h("span", {}, half(known.title), options && ` ${options}`, " ", h("code", { class: "soft", title: skuId }, known.code));
}

/** A SKU's name as text, for labels. */
export function plainSkuName(names, skuId) {
  const known = names.get(skuId);
  return known ? `${half(known.title)} ${Object.values(known.sku.options).join(" / ")}` : short(skuId);
}

/** A warehouse by name and code where it is known, else by its id. */
export function storeName(stores, warehouseId) {
  const known = stores.get(warehouseId);
  return known ? h("span", {}, half(known.name), " ", h("code", { class: "soft" }, known.code)) : id(warehouseId);
}
