// What offers say, in the reader's words: names, what they give, what they saved, and what is missing for them.

import { h } from "../lib/dom.js";
import { count, day, money } from "../lib/format.js";
import { half, language, t } from "../lib/i18n.js";

const FAR_AWAY = 365 * 24 * 3600 * 1000;

/** The name of what saved something: a promotion's or a coupon's own, or our word for points. */
export function offerName(saved) {
  return saved.source === "points" ? t("offer.points") : half(saved.label);
}

/** What an offer gives, from its terms: `¥50.00 off from ¥300.00`. */
export function offerText(offer) {
  const list = (sentences) => sentences.join(language === "zh" ? "，" : ", ");
  switch (offer.kind) {
    case "spend_save": {
      const key = offer.repeats ? "offer.each_spend" : "offer.spend_save";
      return list(offer.tiers.map((tier) => t(key, { at: money(tier.at), off: money(tier.off) })));
    }
    case "spend_percent": {
      const tiers = offer.tiers.map((tier) => t("offer.spend_percent", { at: money(tier.at), percent: tier.percent }));
      return list(offer.at_most ? [...tiers, t("offer.at_most", { most: money(offer.at_most) })] : tiers);
    }
    case "direct_cut":
      return t("offer.direct_cut", { off: money(offer.off) });
    case "timed_price":
      return t("offer.timed_price");
    case "free_shipping":
      return t("offer.free_shipping", { at: money(offer.at) });
    case "n_for_m":
      return t("offer.n_for_m", { take: offer.take, pay: offer.pay });
    default:
      return "";
  }
}

/** Until when; nothing for what runs for years. */
export function untilText(endsAt) {
  return new Date(endsAt) - Date.now() < FAR_AWAY ? t("offer.until", { at: day(endsAt) }) : "";
}

/** Why an offer saves nothing here and what it takes, as one sentence; `others` are offers that may have taken its place. */
export function missedText(missed, others = []) {
  const values = { label: half(missed.label), amount: missed.short_by && money(missed.short_by), n: missed.short_units && count(missed.short_units) };
  if (missed.reason === "short") return t(missed.short_by ? "missed.short_by" : "missed.short_units", values);
  if (missed.reason === "excluded") {
    const winner = others.find((other) => other.rule_id === missed.beaten_by);
    return winner ? t("missed.excluded_by", { ...values, other: offerName(winner) }) : t("missed.excluded", values);
  }
  return t(`missed.${missed.reason}`, values);
}

/** Sentences about what was missed, the nearest first as the server sends them. */
export function missedList(missed, others) {
  if (!missed.length) return null;
  return h("ul", { class: "missed" }, missed.map((offer) => h("li", { class: offer.reason === "short" ? "near" : "" }, missedText(offer, others))));
}

const ORDER = ["promotion", "coupon", "points", "operator"];

/** Every offer that saved something, with its sum over all lines: of a quote, a cart's sum, or an order. The same order everywhere. */
export function savings(of) {
  const found = new Map();
  for (const saved of of.applied ?? of.lines.flatMap((line) => line.adjustments)) {
    const key = `${saved.rule_id} ${saved.coupon_id ?? ""}`;
    const known = found.get(key);
    const amount = known ? { ...saved.amount, minor: known.amount.minor + saved.amount.minor } : saved.amount;
    found.set(key, { ...saved, amount });
  }
  const rank = (saved) => ORDER.indexOf(saved.source);
  return [...found.values()].sort((one, other) => rank(one) - rank(other) || other.amount.minor - one.amount.minor || one.label.localeCompare(other.label));
}

/** What was taken off a line, an entry each. */
export function savedOn(line) {
  return line.adjustments.map((saved) => h("span", { class: "saved" }, offerName(saved), " ", h("span", { class: "amount" }, `−${money(saved.amount)}`)));
}

/** Rows of a sum: what each offer saves. */
export function savingRows(of) {
  const points = (saved) => (saved.source === "points" && of.points ? ` (${count(of.points)})` : "");
  return savings(of).map((saved) => [h("dt", { class: "saved" }, offerName(saved), points(saved)), h("dd", { class: "saved" }, `−${money(saved.amount)}`)]);
}

/** Whether a rule looks at a product, or at one of its SKUs if it names those. `path` are the categories above it. */
export function looksAt(scope, { product, sku, path }) {
  const has = (ids, id) => ids.includes(id);
  const among = (ids) => path.some((id) => ids.includes(id));
  if (has(scope.excluded_skus, sku) || has(scope.excluded_products, product.spu_id)) return false;
  if (has(scope.excluded_brands, product.brand_id) || among(scope.excluded_categories)) return false;
  const named = [scope.skus, scope.products, scope.categories, scope.brands, scope.merchants];
  if (named.every((ids) => ids.length === 0)) return true;
  return has(scope.skus, sku) || has(scope.products, product.spu_id) || among(scope.categories) || has(scope.brands, product.brand_id) || has(scope.merchants, product.merchant_id);
}

/** Where to see what a rule is about, if that is one place. */
export function placeOf(scope) {
  const places = [
    ...scope.products.map((id) => `/shop/products/${id}`),
    ...scope.categories.map((id) => `/?category=${id}`),
    ...scope.brands.map((id) => `/?brand=${id}`),
    ...scope.merchants.map((id) => `/?merchant=${id}`),
  ];
  return places.length === 1 && !scope.skus.length ? places[0] : null;
}
