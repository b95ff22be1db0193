// What was found: hits with what was looked for marked, facets to narrow them, and what was looked for instead.

import { fill, h, icon } from "../lib/dom.js";
import { count, minorOf, money, plain } from "../lib/format.js";
import { half, halves, t, word } from "../lib/i18n.js";
import { empty } from "../lib/ui.js";
import { api, directory } from "./context.js";
import { picture } from "./pieces.js";
import { rankingRow } from "./rankings.js";

const AT_ONCE = 24;
const SORTS = ["relevance", "sales", "newest", "price_up", "price_down"];
const FACETS = ["category", "brand", "merchant", "in_stock"];
const SHOWN_VALUES = 8;
const CURRENCY = "CNY";

/** Everything that the address says of a question. */
function readQuestion(query) {
  return {
    q: query.get("q") ?? "",
    category: query.get("category"),
    brand: query.getAll("brand"),
    merchant: query.getAll("merchant"),
    attribute: query.getAll("attribute"),
    option: query.getAll("option"),
    in_stock: query.get("in_stock") === "true",
    from: query.get("from"),
    to: query.get("to"),
    sort: SORTS.includes(query.get("sort")) ? query.get("sort") : "relevance",
    page: Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1),
    correct: query.get("correct") !== "false",
  };
}

/** The address of a question; what changes goes back to the first page. */
function addressOf(question, change = {}) {
  const next = { ...question, page: 1, ...change };
  const address = new URLSearchParams();
  if (next.q) address.set("q", next.q);
  if (next.category) address.set("category", next.category);
  for (const name of ["brand", "merchant", "attribute", "option"]) for (const value of next[name]) address.append(name, value);
  if (next.in_stock) address.set("in_stock", "true");
  if (next.from) address.set("from", next.from);
  if (next.to) address.set("to", next.to);
  if (next.sort !== "relevance") address.set("sort", next.sort);
  if (!next.correct) address.set("correct", "false");
  if (next.page > 1) address.set("page", next.page);
  return `/shop/search?${address}`;
}

/** The page. */
export async function searchPage({ visit, query }) {
  visit.wait("grid");
  const question = readQuestion(query);
  const box = document.getElementById("q");
  if (box && document.activeElement !== box) box.value = question.q;
  const ask = {
    q: question.q, category_id: question.category, brand_id: question.brand, merchant_id: question.merchant, attribute: question.attribute,
    option: question.option, in_stock: question.in_stock || null, price_from: question.from, price_to: question.to, sort: question.sort,
    page: question.page, limit: AT_ONCE, facet: FACETS, correct: question.correct ? null : "false",
  };
  const [known, found] = await Promise.all([directory(), api.get("/v1/search", { query: ask, signal: visit.signal })]);
  const title = question.q ? t("found.title", { q: question.q }) : t("found.all");
  const none = found.total === 0 && found.items.length === 0;
  visit.show(title,
    h("div", { class: "found" },
      none && !hasFilters(question) ? h("div", {}) : facets(question, found, known, visit),
      h("section", { class: "results", "aria-label": t("found.results") },
        h("div", { class: "lead" }, h("h1", {}, title), h("p", { class: "soft", role: "status" }, countText(found))),
        correction(question, found.correction),
        found.degraded && h("p", { class: "callout" }, t("found.degraded")),
        chosen(question, known),
        !none && sorting(question, visit),
        none ? nothing(question, visit) : h("ul", { class: "grid" }, found.items.map(hitCard)),
        pages(question, found))));
}

function countText(found) {
  const n = count(found.total);
  return found.total_is_exact ? t("found.count", { n }) : t("found.more_than", { n });
}

function correction(question, corrected) {
  if (!corrected) return null;
  return h("p", { class: "callout corrected" },
    t("found.instead"), " ", h("a", { href: addressOf({ ...question, q: corrected.used }) }, h("b", {}, corrected.used)), ". ",
    h("a", { href: addressOf(question, { correct: false }) }, t("found.as_typed", { q: corrected.asked })));
}

/** A hit in the grid; fragments of its title that were looked for are marked. */
function hitCard(hit) {
  const [own, other] = halves(hit.title);
  const price = hit.price_from.minor === hit.price_to.minor ? money(hit.price_from) : t("found.from", { price: money(hit.price_from) });
  return h("li", { class: "card" },
    h("a", { href: `/shop/products/${hit.spu_id}` },
      picture(hit.image_url),
      h("span", { class: "name" }, markedIn(hit, own)),
      h("span", { class: "other" }, markedIn(hit, other)),
      h("span", { class: "price" }, price, !hit.in_stock && h("small", { class: "sold-out" }, t("found.sold_out")))));
}

/** The part of a hit's title, with its marks. */
function markedIn(hit, part) {
  const start = hit.title.indexOf(part);
  if (!part || start < 0) return part;
  const end = start + part.length;
  let at = 0;
  return hit.highlighted.map((fragment) => {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, fragment.text.length);
    at += fragment.text.length;
    const text = to > from ? fragment.text.slice(from, to) : "";
    return text && (fragment.hit ? h("mark", {}, text) : text);
  });
}

function sorting(question, visit) {
  const select = h("select", { id: "sort", on: { change: () => visit.router.go(addressOf(question, { sort: select.value })) } },
    SORTS.map((sort) => h("option", { value: sort, selected: sort === question.sort }, word("sort", sort))));
  select.value = question.sort;
  return h("p", { class: "sorting" }, h("label", { for: "sort" }, t("found.sort")), select);
}

/** What narrows the hits now, each to be taken off. */
function chosen(question, known) {
  const off = (text, change) => h("li", {}, h("a", { class: "chip off", href: addressOf(question, change), "aria-label": t("found.without", { name: text }) }, text, icon("close")));
  const without = (name, value) => ({ [name]: question[name].filter((one) => one !== value) });
  const chips = [
    question.category && off(half(known.category.get(question.category)?.name ?? t("facet.category")), { category: null }),
    ...question.brand.map((id) => off(half(known.brand.get(id)?.name ?? t("facet.brand")), without("brand", id))),
    ...question.merchant.map((id) => off(half(known.merchant.get(id)?.name ?? t("facet.merchant")), without("merchant", id))),
    ...["attribute", "option"].flatMap((name) => question[name].map((pair) => off(pair.slice(pair.indexOf(":") + 1), without(name, pair)))),
    question.in_stock && off(t("facet.in_stock"), { in_stock: false }),
    (question.from || question.to) && off(priceText(question), { from: null, to: null }),
  ].filter(Boolean);
  return chips.length > 0 && h("ul", { class: "chips chosen", "aria-label": t("found.narrowed") }, chips);
}

function priceText({ from, to }) {
  const amount = (minor) => money({ minor: Number(minor), currency: CURRENCY });
  if (from && to) return `${amount(from)} – ${amount(to)}`;
  return from ? t("found.above", { price: amount(from) }) : t("found.below", { price: amount(to) });
}

function facets(question, found, known, visit) {
  const group = (label, ...rows) => h("fieldset", {}, h("legend", {}, label), rows);
  const tick = (label, n, on, change) => h("label", { class: "tick" },
    h("input", { type: "checkbox", checked: on, on: { change: () => visit.router.go(addressOf(question, change)) } }),
    h("span", {}, label), n !== null && h("small", { class: "soft" }, count(n)));
  const many = (name, names) => {
    const values = (found.facets[name] ?? []).slice(0, SHOWN_VALUES);
    if (values.length < 2 && !question[name].length) return null;
    return group(t(`facet.${name}`), values.map(({ value, label, count: n }) => {
      const on = question[name].includes(value);
      const next = on ? question[name].filter((one) => one !== value) : [...question[name], value];
      return tick(half(names.get(value)?.name ?? label), n, on, { [name]: next });
    }));
  };
  const stocked = (found.facets.in_stock ?? []).find(({ value }) => value === "true");
  const inner = [
    categoryFacet(question, found, known),
    many("brand", known.brand), many("merchant", known.merchant), prices(question, visit),
    stocked && group(t("facet.stock"), tick(t("facet.in_stock"), stocked.count, question.in_stock, { in_stock: !question.in_stock })),
  ];
  const wide = matchMedia("(min-width: 56rem)").matches;
  return h("aside", { class: "facets" }, h("details", { open: wide }, h("summary", {}, t("found.narrow")), inner));
}

function categoryFacet(question, found, known) {
  const values = (found.facets.category ?? []).filter(({ value }) => known.category.has(value)).slice(0, SHOWN_VALUES + 4);
  if (!values.length) return null;
  const row = ({ value, count: n }) => {
    const category = known.category.get(value);
    const on = question.category === value;
    return h("li", { class: category.path.length > 1 ? "below" : "" },
      h("a", { href: addressOf(question, { category: on ? null : value }), "aria-current": on ? "true" : false }, half(category.name)), h("small", { class: "soft" }, count(n)));
  };
  const order = new Map(known.categories.map((one, place) => [one.category_id, String(place).padStart(6, "0")]));
  const along = ({ value }) => known.category.get(value).path.map((step) => order.get(step)).join();
  values.sort((a, b) => (along(a) < along(b) ? -1 : 1)); // each below its parent
  return h("nav", { "aria-label": t("facet.category") }, h("h2", {}, t("facet.category")), h("ul", { class: "tree" }, values.map(row)));
}

function prices(question, visit) {
  const shown = (minor) => (minor ? plain({ minor: Number(minor), currency: CURRENCY }) : "");
  const bound = (name, label) => h("input", { name, inputmode: "decimal", "aria-label": label, placeholder: label, value: shown(question[name]), maxlength: 12 });
  const submit = (event) => {
    event.preventDefault();
    const read = (name) => {
      const minor = minorOf(event.target.elements[name].value, CURRENCY);
      return Number.isNaN(minor) ? null : minor;
    };
    visit.router.go(addressOf(question, { from: read("from"), to: read("to") }));
  };
  return h("form", { class: "prices", on: { submit } }, h("fieldset", {}, h("legend", {}, t("facet.price")),
    h("div", {}, bound("from", t("facet.price_from")), h("span", { "aria-hidden": "true" }, "–"), bound("to", t("facet.price_to")),
      h("button", { class: "button small", type: "submit" }, t("facet.apply")))));
}

function pages(question, found) {
  const last = Math.min(Math.ceil(found.total / AT_ONCE), Math.floor(10_000 / AT_ONCE));
  if (last < 2) return null;
  const link = (page, text, label) => h("a", { class: "button", href: addressOf(question, { page }), "aria-label": label }, text);
  return h("nav", { class: "row pages", "aria-label": t("pages.label") },
    question.page > 1 && link(question.page - 1, t("pages.back"), t("pages.back")),
    h("span", { class: "soft" }, t("pages.of", { n: question.page, last })),
    question.page < last && link(question.page + 1, t("pages.next"), t("pages.next")));
}

function unfiltered(question) {
  return addressOf({ ...question, category: null, brand: [], merchant: [], attribute: [], option: [], in_stock: false, from: null, to: null });
}

function hasFilters(question) {
  return unfiltered(question) !== addressOf(question);
}

function nothing(question, visit) {
  const place = h("div", {});
  rankingRow("best_sellers_7d", visit).then((row) => row && fill(place, row));
  return [
    empty("anchor", question.q ? t("found.nothing", { q: question.q }) : t("home.nothing"),
      hasFilters(question) ? h("a", { class: "button", href: unfiltered(question) }, t("found.without_filters")) : h("a", { class: "button", href: "/" }, t("home.all"))),
    place,
  ];
}
