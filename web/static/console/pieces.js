// Pieces of the console that several pages show.

import { h } from "../lib/dom.js";
import { half, t } from "../lib/i18n.js";
import { short } from "../lib/format.js";

/** A table that scrolls sideways by itself; `heads` are keys of words. */
export function table(heads, body) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t(heads[0]) },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head && t(head))))), body));
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
