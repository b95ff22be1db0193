// Choosing what to spend on a basket: coupons of the wallet with what each would save, and points.

import { h } from "../lib/dom.js";
import { count, money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { field, form } from "../lib/ui.js";
import { api, session } from "./context.js";
import { missedText, offerText } from "./offers.js";

/** A choice as the address of a page carries it. */
export function fromQuery(query) {
  const points = Number(query.get("points"));
  return { coupons: query.getAll("coupon").slice(0, 5), points: Number.isSafeInteger(points) && points > 0 ? points : 0 };
}

/** The other way round: pairs for an address. */
export function toQuery({ coupons, points }) {
  return [...coupons.map((id) => ["coupon", id]), ...(points ? [["points", points]] : [])];
}

/** What the reader could spend on these lines; nothing for who is not logged in. */
export async function spendable(lines, signal) {
  if (!session.isOpen || !lines.length) return { tried: [], balance: 0 };
  const [{ coupons }, { balance }] = await Promise.all([
    api.send("POST", "/v1/coupons/validate", { body: { lines }, signal }),
    api.get("/v1/points", { signal }),
  ]);
  return { tried: coupons, balance };
}

/** The controls; `change(choice)` is called with what the reader wants now. `most` points, null while it is not known. */
export function spendingView({ tried, balance }, chosen, most, change) {
  const known = new Map(tried.map(({ coupon }) => [coupon.coupon_id, coupon]));
  const choose = ({ coupon }, wanted) => {
    const others = chosen.coupons.filter((id) => id !== coupon.coupon_id && !(wanted && excludes(coupon, known.get(id))));
    return change({ ...chosen, coupons: wanted ? [...others, coupon.coupon_id] : others });
  };
  const useful = oneOfEach(tried, chosen).sort((one, other) => other.cheaper_by.minor - one.cheaper_by.minor);
  return [
    h("fieldset", { class: "choices coupons" },
      h("legend", {}, t("spending.coupons")),
      useful.length ? useful.map((one) => couponChoice(one, chosen.coupons.includes(one.coupon.coupon_id), (wanted) => choose(one, wanted))) : h("p", { class: "soft" }, t("spending.no_coupons")),
      h("a", { href: "/shop/coupons" }, t("spending.more_coupons"))),
    balance > 0 && pointsForm(balance, chosen, most, change),
  ];
}

/** Of coupons that say the same, the one that ends first; those that are chosen all stay. */
function oneOfEach(tried, chosen) {
  const shown = new Map();
  for (const one of tried) {
    const { coupon_id: id, template_id: template, template_version: version, valid_until: end } = one.coupon;
    const key = chosen.coupons.includes(id) ? id : `${template} ${version}`;
    const known = shown.get(key);
    if (!known || end < known.coupon.valid_until) shown.set(key, one);
  }
  return [...shown.values()];
}

/** Of one exclusion group only one coupon counts: choosing it puts the other one back. */
function excludes(coupon, other) {
  return Boolean(other && coupon.terms.group && coupon.terms.group === other.terms.group);
}

function couponChoice({ coupon, applies, saves, missed }, checked, choose) {
  return h("label", { class: `choice coupon-choice ${applies ? "" : "idle"}` },
    h("input", { type: "checkbox", name: "coupon", value: coupon.coupon_id, checked, disabled: !applies && !checked, on: { change: (event) => choose(event.target.checked) } }),
    h("span", { class: "what" },
      h("b", {}, half(coupon.terms.label)),
      applies && h("span", { class: "saved" }, t("spending.saves", { amount: money(saves) })),
      !applies && h("span", { class: "soft" }, missed ? missedText(missed) : offerText(coupon.terms.offer))));
}

function pointsForm(balance, chosen, most, change) {
  const limit = Math.min(balance, most ?? balance);
  if (!limit) return h("p", { class: "soft" }, t("spending.points_none", { balance: count(balance) }));
  const hint = most === null ? t("spending.points_balance", { balance: count(balance) }) : t("spending.points_most", { balance: count(balance), most: count(limit) });
  return form(async ({ points }) => change({ ...chosen, points: Number(points) || 0 }), {
    class: "points-form",
    fields: field(t("spending.points"), { name: "points", type: "number", min: 0, max: limit, step: 1, inputmode: "numeric", value: chosen.points || "", placeholder: "0", hint }),
    submit: t("spending.use"),
    kind: "small",
    more: most !== null && chosen.points !== limit ? [h("button", { class: "button small bare", type: "button", on: { click: () => change({ ...chosen, points: limit }) } }, t("spending.use_most", { n: count(limit) }))] : [],
  });
}

/** What can be done about a refusal of coupons or points: buttons as pairs of a text and the choice that mends it, and facts. */
export function mendings({ code, fields }, chosen) {
  const without = { ...chosen, coupons: fields.coupon_id ? chosen.coupons.filter((id) => id !== fields.coupon_id) : [] };
  switch (code) {
    case "coupon_not_applicable":
      return { told: (fields.missed ?? []).map((missed) => missedText(missed)), choices: [[t("spending.without_coupon"), { ...chosen, coupons: [] }]] };
    case "coupon_locked":
      return { told: [], links: fields.order_id ? [[t("spending.holder"), `/shop/orders/${fields.order_id}`]] : [], choices: [[t("spending.without_coupon"), without]] };
    case "coupon_not_found":
    case "coupon_already_used":
    case "coupon_not_valid":
      return { told: [], choices: [[t("spending.without_coupon"), without]] };
    case "points_above_share":
      return { told: [], choices: [[t("spending.use_most", { n: count(fields.most) }), { ...chosen, points: fields.most }]] };
    case "points_not_enough":
      return { told: [], choices: [[t("spending.use_most", { n: count(fields.balance) }), { ...chosen, points: fields.balance }]] };
    case "purchase_limit_reached":
      return { told: (fields.limits ?? []).map((limit) => t("spending.limit", { label: half(limit.label), most: limit.most, left: limit.left })), choices: [] };
    default:
      return { told: [], choices: [] };
  }
}
