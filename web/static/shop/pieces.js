// Pieces of the storefront that several pages show.

import { h } from "../lib/dom.js";
import { countdown, money } from "../lib/format.js";
import { half, halves, t } from "../lib/i18n.js";
import { savedOn, savingRows } from "./offers.js";

/** A product's picture; grey while there is none. */
export function picture(url, { large = false } = {}) {
  const size = large ? 480 : 320;
  if (!url) return h("div", { class: "picture none", "aria-hidden": "true" });
  return h("img", { class: "picture", src: url, alt: "", width: size, height: size, loading: large ? "eager" : "lazy", decoding: "async" });
}

/** A product in a grid. */
export function card(product) {
  const [own, other] = halves(product.title);
  return h("li", { class: "card" },
    h("a", { href: `/shop/products/${product.spu_id}` },
      picture(product.image_url),
      h("span", { class: "name" }, own),
      h("span", { class: "other" }, other),
      h("span", { class: "price" }, money(product.price_from))));
}

/** One line of an order or a quote. */
export function orderLine(line) {
  return h("li", { class: "line" },
    picture(line.image_url),
    h("div", { class: "what" },
      h("a", { href: `/shop/products/${line.spu_id}` }, half(line.title)),
      line.options && h("span", { class: "soft" }, line.options),
      savedOn(line)),
    h("span", { class: "times" }, `${money(line.unit_price)} × ${line.quantity}`),
    h("b", { class: "sum" }, money(line.goods)));
}

/** Goods, shipping, what each offer saves, and the total. */
export function sums(of) {
  const row = (label, amount, kind) => [h("dt", { class: kind }, label), h("dd", { class: kind }, amount)];
  return h("dl", { class: "sums" },
    row(t("sum.goods"), money(of.goods)),
    row(t("sum.shipping"), of.shipping.minor ? money(of.shipping) : t("sum.free")),
    savingRows(of),
    row(t("sum.total"), money(of.total), "total"),
    of.refunded?.minor > 0 && row(t("sum.refunded"), `−${money(of.refunded)}`));
}

/** Where it goes. */
export function addressText(address) {
  return h("address", {},
    h("b", {}, address.recipient), " ", h("span", { class: "soft" }, address.phone), h("br"),
    [address.line, address.city, address.region !== address.city && address.region, address.postal_code, address.country].filter(Boolean).join(", "));
}

/** Time running down to `until`; `over` is called once when it is. */
export function clock(visit, until, over) {
  const end = new Date(until).getTime();
  const node = h("span", { class: "clock", role: "timer" });
  let called = false;
  const tick = () => {
    const left = (end - Date.now()) / 1000;
    node.textContent = countdown(left);
    node.classList.toggle("soon", left < 60);
    if (left <= 0 && !called) {
      called = true;
      over();
    }
  };
  tick();
  const timer = setInterval(tick, 500);
  visit.signal.addEventListener("abort", () => clearInterval(timer));
  return node;
}

/** Fewer, a number, more. */
export function stepper(value, most, change, name) {
  const input = h("input", { type: "number", min: 1, max: most, value, inputmode: "numeric", "aria-label": t("quantity.of", { name }), on: { change: () => set(Number(input.value)) } });
  const step = (by, sign, label) => h("button", { type: "button", "aria-label": label, on: { click: () => set(Number(input.value) + by) } }, sign);
  function set(wanted) {
    const kept = Math.max(1, Math.min(most, Math.round(wanted) || 1));
    input.value = kept;
    change(kept);
  }
  return h("span", { class: "stepper" }, step(-1, "−", t("quantity.less", { name })), input, step(1, "+", t("quantity.more", { name })));
}
