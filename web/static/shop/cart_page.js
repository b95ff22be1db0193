// The cart as a page: what is in it, what has changed since, what is saved for later, and what it would cost.

import { h, icon } from "../lib/dom.js";
import { day, money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { button, empty, explain, say } from "../lib/ui.js";
import { looker } from "../lib/live.js";
import { cart, session } from "./context.js";
import { MOST } from "./cart.js";
import { missedList, savedOn, savingRows } from "./offers.js";
import { picture, stepper } from "./pieces.js";
import { spendable, spendingView, toQuery } from "./spending.js";

/** Lines, marks and sums; drawn anew whenever the cart changes, and with what can be spent on it as soon as that is known. */
export async function cartPage({ visit }) {
  if (!cart.view) visit.wait("list");
  let known = { tried: [], balance: 0 };
  const look = looker(() => whatCanBeSpent(visit.signal), (found) => {
    known = found;
    draw(visit, known);
  });
  await cart.load(visit.signal);
  draw(visit, known);
  cart.addEventListener("change", () => {
    draw(visit, known);
    look();
  }, { signal: visit.signal });
  await look();
}

/** Of a cart in several currencies nothing: coupons and points are for one order. */
async function whatCanBeSpent(signal) {
  const { sums } = cart.view;
  if (sums.length !== 1 || sums[0].refused) return { tried: [], balance: 0 };
  return spendable(sums[0].basket, signal).catch(() => ({ tried: [], balance: 0 })); // the cart is worth showing without
}

function draw(visit, known) {
  const { lines, saved, sums, missed } = cart.view;
  const nothing = empty("cart", t("cart.empty"), h("a", { class: "button main", href: "/" }, t("cart.look")));
  visit.show(t("cart.title"),
    h("h1", {}, t("cart.title")),
    lines.length
      ? h("div", { class: "two" }, h("ul", { class: "lines" }, lines.map(row)), h("aside", { class: "panel" }, summary(sums, missed, known)))
      : nothing,
    saved.length > 0 && h("section", { class: "panel saved-lines" }, h("h2", {}, t("cart.saved")), h("ul", { class: "lines" }, saved.map(savedRow))));
}

function summary(sums, missed, known) {
  const applied = sums.flatMap((sum) => sum.applied);
  const isOne = sums.length === 1 && !sums[0].refused && sums[0].basket.length > 0;
  return [
    sums.length ? sums.map(sumView) : h("p", { class: "soft" }, t("cart.select")),
    missedList(missed.filter((offer) => !offer.coupon_id), applied),
    isOne && session.isOpen && h("details", { class: "spending", open: true }, h("summary", {}, t("spending.title")), spendingView(known, cart.tried, sums[0].most_points, (choice) => attempt(cart.try(choice)))),
    h("p", { class: "soft" }, t("cart.shipping_later")),
  ];
}

function sumView(sum) {
  if (sum.refused) return h("p", { class: "marked bad" }, refusal(sum.refused));
  const asked = new URLSearchParams([["currency", sum.currency], ...toQuery(cart.tried)]);
  const checkout = h("a", { class: "button main wide", href: `/shop/checkout?${asked}` }, t("cart.checkout"));
  const isReduced = sum.discount.minor > 0;
  return [
    h("dl", { class: "sums" },
      isReduced && [h("dt", {}, t("sum.goods")), h("dd", {}, money(sum.goods)), savingRows({ ...sum, points: cart.tried.points })],
      h("dt", { class: "total" }, t("cart.sum")), h("dd", { class: "total" }, money(sum.total))),
    sum.basket.length ? checkout : null,
  ];
}

function refusal(refused) {
  const { title, detail } = explain({ ...refused, status: 422 });
  return detail || title;
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
    savedOn(line),
    h("span", { class: "row" }, actions));
}

function timesPrice(line) {
  const price = line.unit_price ?? line.added_price;
  return { ...price, minor: price.minor * line.quantity };
}

function markText(mark) {
  const values = { before: mark.was && money(mark.was), n: mark.left ?? mark.limit, date: mark.ships_by && day(mark.ships_by) };
  return h("span", { class: `marked ${["price_changed", "ships_later"].includes(mark.kind) ? "" : "bad"}` }, t(`mark.${mark.kind}`, values));
}
