// One product: pictures, options, price, and how many are left right now.

import { fill, h } from "../lib/dom.js";
import { day, money } from "../lib/format.js";
import { half, halves, t } from "../lib/i18n.js";
import { button, say } from "../lib/ui.js";
import { api, cart, directory, running } from "./context.js";
import { looksAt, untilText } from "./offers.js";
import { picture, stepper } from "./pieces.js";
import { ratingLine, reviewsOf } from "./reviews.js";

const FEW = 5;
const LOOK_AGAIN = 10;

/** The page of a product. */
export async function productPage({ visit, params }) {
  visit.wait("product");
  const [known, product, offers] = await Promise.all([directory(), api.get(`/v1/products/${params.id}`, { signal: visit.signal }), running()]);
  const [own, other] = halves(product.title);
  const large = h("div", { class: "large" });
  const path = known.category.get(product.category_id)?.path ?? [];
  const offer = new Offer(product, large, visit, (sku) => offers.filter(({ scope }) => looksAt(scope, { product, sku, path })));
  visit.show(own,
    crumbs(product, known),
    h("article", { class: "product" },
      gallery(product, large),
      h("div", { class: "facts" },
        h("h1", {}, own),
        other && h("p", { class: "other" }, other),
        makers(product, known),
        ratingLine(product.spu_id, visit),
        offer.node,
        product.description && h("p", { class: "description" }, descriptionOf(product.description)),
        attributes(product, known))),
    reviewsOf(product.spu_id, visit));
  visit.every(LOOK_AGAIN, () => offer.lookAgain());
}

/** What is chosen of a product, and the controls that choose. */
class Offer {
  #product;
  #chosen;
  #large;
  #visit;
  #offersOn;
  #quantity = 1;
  node = h("div", { class: "offer" });

  constructor(product, large, visit, offersOn) {
    this.#product = product;
    this.#offersOn = offersOn;
    this.#visit = visit;
    this.#large = large;
    this.#chosen = product.skus.find((sku) => sku.in_stock && sku.price) ?? product.skus.find((sku) => sku.available && sku.price) ?? product.skus[0];
    this.#draw();
  }

  async lookAgain() {
    const now = await api.get(`/v1/inventory/skus/${this.#chosen.sku_id}`);
    if (now.available === this.#chosen.available && now.availability === this.#chosen.availability) return;
    Object.assign(this.#chosen, { ...now, in_stock: now.in_stock > 0 });
    this.#draw();
  }

  #draw() {
    const sku = this.#chosen;
    const shown = sku?.image ?? this.#product.media[0];
    fill(this.#large, picture(shown?.url, { large: true }));
    if (!sku) return fill(this.node, h("p", { class: "stock out" }, t("product.none")));
    const most = Math.max(1, Math.min(sku.available, sku.max_per_order));
    this.#quantity = Math.min(this.#quantity, most);
    const sellable = sku.available && sku.price;
    return fill(this.node,
      h("p", { class: "price" }, sku.price ? money(sku.price) : t("product.unpriced")),
      this.#offers(),
      this.#axes(),
      h("p", { class: `stock ${stockKind(sku)}`, role: "status" }, stockText(sku)),
      h("p", { class: "row buy" },
        stepper(this.#quantity, most, (quantity) => (this.#quantity = quantity), half(this.#product.title)),
        button(t("product.add"), () => this.#add(), { kind: "main", symbol: "cart", disabled: !sellable }),
        button(t("product.buy"), () => this.#buyNow(), { disabled: !sellable })));
  }

  #offers() {
    const offers = this.#offersOn(this.#chosen.sku_id);
    if (!offers.length) return null;
    return h("ul", { class: "offers", "aria-label": t("home.running") }, offers.map((offer) =>
      h("li", {}, h("b", {}, half(offer.label)), h("span", { class: "soft" }, [offer.members_only && t("offer.members"), untilText(offer.ends_at)].filter(Boolean).join(" · ")))));
  }

  #axes() {
    const names = [...new Set(this.#product.skus.flatMap((sku) => Object.keys(sku.options)))];
    return names.map((name) => h("fieldset", { class: "axis" },
      h("legend", {}, optionName(name)),
      [...new Set(this.#product.skus.map((sku) => sku.options[name]).filter(Boolean))].map((value) => this.#option(name, value))));
  }

  #option(name, value) {
    const matching = this.#best({ ...this.#chosen.options, [name]: value });
    const checked = this.#chosen.options[name] === value;
    const input = h("input", { type: "radio", name, value, checked, on: { change: () => this.#choose(name, value) } });
    return h("label", { class: matching?.available ? "" : "gone" }, input, h("span", {}, value));
  }

  // The SKU of exactly these options, else the one that has the value just asked for and most of the others.
  #best(options) {
    const agrees = (sku) => Object.entries(options).filter(([name, value]) => sku.options[name] === value).length;
    return this.#product.skus.find((sku) => agrees(sku) === Object.keys(options).length);
  }

  #choose(name, value) {
    const wanted = { ...this.#chosen.options, [name]: value };
    this.#chosen = this.#best(wanted) ?? this.#product.skus.find((sku) => sku.options[name] === value);
    this.#draw();
    this.node.querySelector(`input[name="${CSS.escape(name)}"]:checked`)?.focus();
  }

  async #add() {
    await cart.add(this.#chosen.sku_id, this.#quantity);
    say(t("product.added", { name: half(this.#product.title) }));
  }

  #buyNow() {
    const chosen = new URLSearchParams({ spu: this.#product.spu_id, sku: this.#chosen.sku_id, quantity: this.#quantity });
    return this.#visit.router.go(`/shop/checkout?${chosen}`);
  }
}

function stockKind(sku) {
  if (!sku.available) return "out";
  if (!sku.in_stock) return sku.availability;
  return sku.available <= FEW ? "few" : "in";
}

function stockText(sku) {
  return t(`stock.${stockKind(sku)}`, { n: sku.available, date: sku.ships_by && day(sku.ships_by) });
}

function optionName(name) {
  return { Size: t("option.size"), Colour: t("option.colour") }[name] ?? half(name);
}

function gallery(product, large) {
  const more = product.media.length > 1 && h("ul", { class: "thumbs" }, product.media.map((media) =>
    h("li", {}, h("button", { type: "button", on: { click: () => fill(large, picture(media.url, { large: true })) } }, picture(media.small_url)))));
  return h("div", { class: "gallery" }, large, more);
}

function crumbs(product, known) {
  const path = known.category.get(product.category_id)?.path ?? [];
  return h("nav", { class: "crumbs", "aria-label": t("product.path") },
    h("a", { href: "/" }, t("home.everything")),
    path.map((id) => [" / ", h("a", { href: `/?category=${id}` }, half(known.category.get(id).name))]));
}

function makers(product, known) {
  const brand = known.brand.get(product.brand_id);
  const merchant = known.merchant.get(product.merchant_id);
  return h("p", { class: "makers" },
    brand && h("a", { href: `/?brand=${brand.brand_id}` }, half(brand.name)),
    brand && merchant && " · ",
    merchant && [t("product.sold_by"), " ", h("a", { href: `/?merchant=${merchant.merchant_id}` }, half(merchant.name))]);
}

/** A description in two languages is one sentence after another; both are shown, the reader's first. */
function descriptionOf(text) {
  const parts = /^(.*[。！？])\s*([A-Z].*)$/su.exec(text);
  if (!parts) return text;
  return document.documentElement.lang === "en" ? parts[2] : parts[1];
}

function attributes(product, known) {
  const path = known.category.get(product.category_id)?.path ?? [];
  const defined = new Map(path.flatMap((id) => known.category.get(id).attributes).map((one) => [one.code, one]));
  const rows = Object.entries(product.attributes);
  if (!rows.length) return null;
  return h("dl", { class: "attributes" }, rows.map(([code, value]) => {
    const definition = defined.get(code);
    return [h("dt", {}, half(definition?.label ?? code)), h("dd", {}, [value, definition?.unit].filter(Boolean).join(" "))];
  }));
}
