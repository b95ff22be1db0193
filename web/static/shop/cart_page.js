// The cart as a page: what is in it, what has changed since, what is saved for later, and what it would cost.

import { h, icon } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { button, empty, explain, say } from "../lib/ui.js";
import { cart } from "./context.js";
import { MOST } from "./cart.js";
import { picture, stepper } from "./pieces.js";

/** Lines, marks and sums; drawn anew whenever the cart changes. */
export async function cartPage({ visit }) {
  if (!cart.view) visit.wait("list");
  await cart.load(visit.signal);
  draw(visit);
  cart.addEventListener("change", () => draw(visit), { signal: visit.signal });
}

function draw(visit) {
  const { lines, saved, sums, missed } = cart.view;
  const nothing = empty("cart", t("cart.empty"), h("a", { class: "button main", href: "/" }, t("cart.look")));
  visit.show(t("cart.title"),
    h("h1", {}, t("cart.title")),
    lines.length
      ? h("div", { class: "two" }, h("ul", { class: "lines" }, lines.map(row)), h("aside", { class: "panel" }, summary(sums, missed)))
      : nothing,
    saved.length > 0 && h("section", { class: "panel saved-lines" }, h("h2", {}, t("cart.saved")), h("ul", { class: "lines" }, saved.map(savedRow))));
}

function summary(sums, missed) {
  return [
    sums.length ? sums.map(sumView) : h("p", { class: "soft" }, t("cart.select")),
    missed.map((offer) => h("p", { class: "callout" }, offer.label, ": ", offer.short_by ? t("cart.missed", { amount: money(offer.short_by) }) : offer.hint)),
    h("p", { class: "soft" }, t("cart.shipping_later")),
  ];
}

function sumView(sum) {
  if (sum.refused) return h("p", { class: "marked bad" }, sum.refused.detail);
  const checkout = h("a", { class: "button main wide", href: `/shop/checkout?currency=${sum.currency}` }, t("cart.checkout"));
  return [
    h("dl", { class: "sums" },
      sum.discount.minor > 0 && [h("dt", {}, t("sum.goods")), h("dd", {}, money(sum.goods)), h("dt", {}, t("sum.discount")), h("dd", {}, `−${money(sum.discount)}`)],
      h("dt", { class: "total" }, t("cart.sum")), h("dd", { class: "total" }, money(sum.total))),
    sum.basket.length ? checkout : null,
  ];
}

/** Do something to the cart; a refusal is said aloud, and the page shows how the cart stands. */
async function attempt(work) {
  try {
    await work;
  } catch (thrown) {
    const { title, detail } = explain(thrown);
    say([title, detail].filter(Boolean).join(" "), "bad");
    await cart.load();
  }
}

function row(line) {
  const name = half(line.title ?? line.sku_id);
  const most = Math.min(...line.marks.map((mark) => mark.left ?? mark.limit ?? MOST), MOST);
  const tooMany = line.marks.some((mark) => ["only_left", "above_limit"].includes(mark.kind)) && most > 0;
  return h("li", { class: "line choosable" },
    h("input", { type: "checkbox", checked: line.selected, "aria-label": t("cart.choose", { name }), on: { change: (event) => attempt(cart.set(line.sku_id, { selected: event.target.checked })) } }),
    picture(line.image_url),
    described(line, name, [
      tooMany && button(t("cart.take", { n: most }), () => cart.set(line.sku_id, { quantity: most }), { kind: "small" }),
      button(t("cart.later"), () => cart.saveForLater(line.sku_id), { kind: "small bare" }),
    ]),
    stepper(line.quantity, MOST, (quantity) => attempt(cart.set(line.sku_id, { quantity })), name),
    h("b", { class: "sum" }, money(line.goods ?? timesPrice(line))),
    h("button", { class: "plain", type: "button", "aria-label": t("cart.remove", { name }), on: { click: () => attempt(cart.remove(line.sku_id)) } }, icon("bin")));
}

function savedRow(line) {
  const name = half(line.title ?? line.sku_id);
  return h("li", { class: "line" },
    picture(line.image_url),
    described(line, name, []),
    button(t("cart.back"), () => cart.moveBack(line.sku_id), { kind: "small" }),
    h("b", { class: "sum" }, money(line.unit_price ?? line.added_price)),
    h("button", { class: "plain", type: "button", "aria-label": t("cart.remove", { name }), on: { click: () => attempt(cart.forget(line.sku_id)) } }, icon("bin")));
}

function described(line, name, actions) {
  return h("div", { class: "what" },
    line.spu_id ? h("a", { href: `/shop/products/${line.spu_id}` }, name) : h("span", {}, name),
    line.options && h("span", { class: "soft" }, line.options),
    line.marks.map(markText),
    line.adjustments.map((saved) => h("span", { class: "saved" }, `${saved.label} −${money(saved.amount)}`)),
    h("span", { class: "row" }, actions));
}

function timesPrice(line) {
  const price = line.unit_price ?? line.added_price;
  return { ...price, minor: price.minor * line.quantity };
}

function markText(mark) {
  const values = { before: mark.was && money(mark.was), n: mark.left ?? mark.limit };
  return h("span", { class: `marked ${mark.kind === "price_changed" ? "" : "bad"}` }, t(`mark.${mark.kind}`, values));
}
