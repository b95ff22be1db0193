// Rankings as rows to look along: what sells, what is looked at, what is new.

import { h } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { has, t } from "../lib/i18n.js";
import { api } from "./context.js";
import { card } from "./pieces.js";

const SHOWN = 10;

/** A row of the first places of a ranking; nothing while there are fewer than three, since the shop sells without it. */
export async function rankingRow(name, visit, { category } = {}) {
  const found = await api.get(`/v1/rankings/${name}`, { query: { category_id: category, limit: SHOWN }, signal: visit.signal }).catch(() => null);
  if (!found || found.items.length < 3) return null;
  const place = (product, at) => {
    const item = card(product);
    if (product.amount !== null) item.prepend(h("b", { class: "place", "aria-label": t("ranking.place", { n: at + 1 }) }, count(at + 1)));
    const told = `ranking.amount.${name}`;
    if (product.amount !== null && has(told)) item.querySelector(".price").append(h("small", { class: "soft" }, t(told, { n: count(product.amount) })));
    return item;
  };
  return h("section", { class: "ranking", "aria-label": t(`ranking.${name}`) },
    h("h2", {}, t(`ranking.${name}`)), h("ul", { class: "shelf", tabindex: "0", "aria-label": t(`ranking.${name}`) }, found.items.map(place)));
}

/** The rows of the front page, in this order; those that have nothing to show are left out. */
export async function rankingRows(visit, category) {
  const rows = await Promise.all(["best_sellers_24h", "best_sellers_7d", "most_viewed"].map((name) => rankingRow(name, visit, { category })));
  const [day, week, viewed] = rows;
  return [day ?? week, viewed].filter(Boolean);
}
