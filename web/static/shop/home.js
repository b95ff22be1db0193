// The first page: what the shop sells, by category, brand and words.

import { h } from "../lib/dom.js";
import { half, t } from "../lib/i18n.js";
import { empty, endless } from "../lib/ui.js";
import { api, directory, running } from "./context.js";
import { placeOf, untilText } from "./offers.js";
import { card } from "./pieces.js";
import { rankingRows } from "./rankings.js";
import { searchAddress } from "./search_box.js";

const AT_ONCE = 24;
const SHOWN = 8;

/** The grid, narrowed to what the address says. */
export async function homePage({ visit, query }) {
  visit.wait("grid");
  if (query.get("q")) return visit.router.go(searchAddress(query.get("q")), { replace: true });
  const asked = { category_id: query.get("category"), brand_id: query.get("brand"), merchant_id: query.get("merchant") };
  const load = (cursor) => api.get("/v1/products", { query: { ...asked, limit: AT_ONCE, cursor }, signal: visit.signal });
  const narrowed = Object.values(asked).some(Boolean);
  const ranked = asked.brand_id || asked.merchant_id ? [] : rankingRows(visit, asked.category_id);
  const [known, first, offers, rankings] = await Promise.all([directory(), load(), narrowed ? [] : running(SHOWN), ranked]);
  const grid = h("ul", { class: "grid" });
  const more = endless(first, { into: grid, row: card, load });
  visit.show(
    title(asked, known),
    narrowed ? h("div", { class: "lead" }, h("h1", {}, title(asked, known)), h("a", { href: "/" }, t("home.all"))) : harbour(),
    offers.length > 0 && runningNow(offers),
    categories(asked, known),
    rankings,
    rankings.length > 0 && first.items.length > 0 && h("h2", { class: "newest" }, t("ranking.newest")),
    first.items.length ? [grid, more] : empty("anchor", t("home.nothing"), h("a", { class: "button", href: "/" }, t("home.all"))),
  );
}

function title(asked, known) {
  const narrowedTo = [
    known.category.get(asked.category_id)?.name,
    known.brand.get(asked.brand_id)?.name,
    known.merchant.get(asked.merchant_id)?.name,
  ].filter(Boolean).map(half);
  return narrowedTo.join(" · ") || t("home.title");
}

function harbour() {
  const skyline = new URL("../harbour.svg", import.meta.url).pathname;
  return h("section", { class: "harbour" },
    h("div", {}, h("h1", {}, t("home.title")), h("p", {}, t("home.lead"))),
    h("img", { src: skyline, alt: "", width: 640, height: 220 }));
}

function runningNow(offers) {
  const shown = (offer) => {
    const place = placeOf(offer.scope);
    const text = [h("b", {}, half(offer.label)), h("span", { class: "soft" }, [offer.members_only && t("offer.members"), untilText(offer.ends_at)].filter(Boolean).join(" · "))];
    return h("li", {}, place ? h("a", { class: "running", href: place }, text) : h("span", { class: "running" }, text));
  };
  return h("section", { class: "running-now", "aria-label": t("home.running") }, h("ul", {}, offers.map(shown)));
}

function categories(asked, { categories: all, category }) {
  const chosen = category.get(asked.category_id);
  const chip = (text, href, current) => h("li", {}, h("a", { class: "chip", href, "aria-current": current ? "true" : false }, text));
  const row = (label, items) => items.length ? h("ul", { class: "chips", "aria-label": label }, items) : null;
  const below = (parent) => all.filter((one) => one.parent_id === parent)
    .map((one) => chip(half(one.name), `/?category=${one.category_id}`, chosen?.path.includes(one.category_id)));
  const narrowed = asked.category_id || asked.brand_id || asked.merchant_id;
  return h("nav", { class: "categories", "aria-label": t("home.categories") },
    row(t("home.categories"), [chip(t("home.everything"), "/", !narrowed), ...below(null)]),
    chosen && row(half(chosen.name), below(chosen.path[0])));
}
