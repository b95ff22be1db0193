// The catalogue as operators keep it: publish, unpublish, and prices.

import { h } from "../lib/dom.js";
import { minorOf, moment, money, plain } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api } from "./context.js";
import { id, table } from "./pieces.js";

/** Every product, the newest first. */
export async function productsPage({ visit, query }) {
  visit.wait("list");
  const merchant = query.get("merchant");
  const words = query.get("q");
  const load = (cursor) => words ? foundBy(words, visit) : api.get("/v1/catalogue/products", { query: { merchant_id: merchant, limit: 25, cursor }, signal: visit.signal });
  const [first, merchants] = await Promise.all([load(), api.get("/v1/merchants", { signal: visit.signal })]);
  const rows = h("tbody", {});
  const again = () => visit.router.show({ scroll: false });
  const more = endless(first, { into: rows, row: (product) => row(product, again), load });
  const tab = (text, href, current) => h("a", { href, "aria-current": current ? "page" : false }, text);
  visit.show(t("console.products"),
    h("h1", {}, t("console.products")),
    finder(words, visit),
    h("nav", { class: "tabs", "aria-label": t("col.merchant") },
      tab(t("console.any"), "/console/products", !merchant),
      merchants.map((one) => tab(half(one.name), `/console/products?merchant=${one.merchant_id}`, one.merchant_id === merchant))),
    first.items.length ? [table(["col.product", "col.code", "col.skus", "col.price", "col.shown", ""], rows), more] : empty("tag", t("console.nothing")));
}

/** The first products that search finds, as operators keep them. Search knows published ones only, and says so. */
async function foundBy(words, { signal }) {
  const { items } = await api.get("/v1/search", { query: { q: words, limit: 25 }, signal });
  return { items: await Promise.all(items.map((hit) => api.get(`/v1/catalogue/products/${hit.spu_id}`, { signal }))), next: null };
}

function finder(words, visit) {
  const submit = (event) => {
    event.preventDefault();
    const asked = event.target.elements.q.value.trim();
    visit.router.go(asked ? `/console/products?q=${encodeURIComponent(asked)}` : "/console/products");
  };
  return h("form", { class: "row", role: "search", on: { submit } },
    h("label", { for: "find-product", class: "unseen" }, t("console.find")),
    h("input", { id: "find-product", name: "q", type: "search", placeholder: t("console.find"), value: words ?? "", maxlength: 200, autocomplete: "off", size: 36 }),
    h("button", { class: "button", type: "submit" }, t("search.go")),
    words && h("a", { href: "/console/products" }, t("home.all")));
}

function row(product, again) {
  const prices = product.skus.map((sku) => sku.price).filter(Boolean).sort((one, other) => one.minor - other.minor);
  return h("tr", {},
    h("td", {}, h("span", { class: "row tight" }, product.media[0] && h("img", { class: "thumb", src: product.media[0].small_url, alt: "", width: 40, height: 40, loading: "lazy" }), h("a", { href: `/console/products/${product.spu_id}` }, half(product.title)))),
    h("td", {}, h("code", {}, product.code)),
    h("td", { class: "number" }, product.skus.length),
    h("td", { class: "number" }, prices.length ? [money(prices[0]), prices.length > 1 && prices.at(-1).minor !== prices[0].minor && ` – ${money(prices.at(-1))}`] : "–"),
    h("td", {}, shown(product)),
    h("td", {}, publishing(product, again)));
}

function shown(product) {
  const since = product.publication.since;
  if (!product.is_published && since && new Date(since) > new Date()) return h("span", { class: "badge pending" }, t("product.from", { at: moment(since) }));
  return h("span", { class: `badge ${product.is_published ? "done" : ""}` }, t(product.is_published ? "product.shown" : "product.hidden"));
}

function publishing(product, again) {
  const verb = product.is_published ? "unpublished" : "published";
  const act = async () => {
    await api.put(`/v1/catalogue/products/${product.spu_id}/${verb}`, {}, { version: product.version });
    say(t("console.done"));
    await again();
  };
  return button(t(`product.${verb}`), act, { kind: "small" });
}

/** One product with its SKUs and their prices. */
export async function productPage({ visit, params }) {
  visit.wait("list");
  const product = await api.get(`/v1/catalogue/products/${params.id}`, { signal: visit.signal });
  const again = () => visit.router.show({ scroll: false });
  visit.show(half(product.title),
    h("nav", { class: "crumbs" }, h("a", { href: "/console/products" }, t("console.products"))),
    h("header", { class: "order-head" },
      h("div", {}, h("h1", {}, product.title), h("p", { class: "row" }, shown(product), h("code", {}, product.code))),
      h("p", { class: "row" }, h("a", { class: "button small", href: `/shop/products/${product.spu_id}`, target: "_blank" }, t("product.in_shop")), publishing(product, again))),
    table(["col.sku", "col.options", "col.price", "col.barcode", "col.weight", ""], h("tbody", {}, product.skus.map((sku) => skuRow(sku, product, again)))));
}

function skuRow(sku, product, again) {
  return h("tr", {},
    h("td", {}, h("code", {}, sku.code), " ", id(sku.sku_id, `/console/stock?sku=${sku.sku_id}`)),
    h("td", {}, Object.values(sku.options).join(" / ")),
    h("td", { class: "number" }, sku.price ? money(sku.price) : "–"),
    h("td", {}, sku.barcode ?? ""),
    h("td", { class: "number" }, `${sku.weight_g} g`),
    h("td", {}, button(t("product.reprice"), () => reprice(sku, product, again), { kind: "small" })));
}

async function reprice(sku, product, again) {
  const currency = sku.price?.currency ?? "CNY";
  const past = await api.get(`/v1/catalogue/skus/${sku.sku_id}/prices`);
  const went = await dialog(t("product.reprice"), {
    content: [
      field(t("product.new_price", { currency }), { name: "amount", value: sku.price ? plain(sku.price) : "", required: true, inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" }),
      field(t("product.price_from"), { name: "at", type: "datetime-local", hint: t("product.price_from.hint") }),
      past.length > 0 && h("ul", { class: "plain-list" }, past.slice(0, 5).map((point) => h("li", {}, h("span", { class: "soft" }, moment(point.effective_at)), money(point.price)))),
    ],
    submit: t("product.reprice"),
    act: ({ amount, at }) => api.put(`/v1/catalogue/skus/${sku.sku_id}/price`,
      { price: { minor: minorOf(amount, currency), currency }, effective_at: at ? new Date(at).toISOString() : null }, { version: product.version }),
  });
  if (went) {
    say(t("console.done"));
    await again();
  }
}
