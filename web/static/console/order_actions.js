// What an operator may do to an order and its money, by permission.

import { h } from "../lib/dom.js";
import { count, minorOf, money, plain } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { button, dialog, field, say } from "../lib/ui.js";
import { api, can } from "./context.js";

const REASONS = ["by_operator", "parcel_lost", "parcel_refused", "short_pick", "aftersale"];

/** Buttons for what is possible now. */
export function orderActions({ order, payment, timeline, parcels }, look) {
  const left = parcels.some((parcel) => parcel.shipped_at !== null);
  const astray = parcels.some((parcel) => parcel.exception === "address_error");
  const open = ["pending_payment", "paid"].includes(order.status);
  const stuck = order.status === "pending_payment" && timeline.some((entry) => entry.step === "payment_received");
  return [
    stuck && can("orders", "stock") && button(t("commit.decide"), () => decideCommit(order, look), { kind: "main" }),
    unpaid(order) && can("orders") && button(t("price.change"), () => changePrice(order, look)),
    open && (!left || astray) && can("orders", "service") && button(t("address.correct"), () => correctAddress(order, look)),
    payment && can("finance") && refundable(payment) > 0 && [
      button(t("refund.by_lines"), () => refundLines(order, payment, look)),
      button(t("refund.give"), () => refund(order, payment, look)),
    ],
    open && !left && can("orders") && button(t("order.cancel"), () => cancel(order, look), { kind: "danger" }),
  ];
}

function unpaid(order) {
  return order.status === "pending_payment" && order.payment_status === "unpaid" && order.total.minor > 0;
}

function refundable(payment) {
  return payment.captured.minor - payment.refunded.minor - payment.held.minor - payment.charged_back.minor;
}

async function ask(title, options, look) {
  if (await dialog(title, { submit: title, ...options })) {
    say(t("console.done"));
    await look();
  }
}

function cancel(order, look) {
  const key = newKey();
  return ask(t("order.cancel"), {
    content: [h("p", {}, t("cancel.more")), field(t("cancel.why"), { name: "why", required: true, maxlength: 500 })],
    danger: true,
    act: ({ why }) => api.post(`/v1/orders/${order.order_id}/cancel`, { why }, { key }),
  }, look);
}

function changePrice(order, look) {
  const { currency } = order.total;
  const nothing = { said: null, key: null };
  let work = nothing;
  const change = async ({ total, why }) => {
    const body = { new_total: { minor: minorOf(total, currency), currency }, why };
    const said = JSON.stringify(body);
    if (work.said !== said) work = { said, key: newKey() }; // the same wish again is the same change
    try {
      await api.post(`/v1/operators/orders/${order.order_id}/price`, body, { key: work.key, version: order.version });
    } catch (problem) {
      if (problem.code === "price_not_adjustable") work = nothing; // a moment later the same may be granted
      throw problem;
    }
  };
  return ask(t("price.change"), {
    content: [
      h("p", {}, t("price.change.more", { now: money(order.total) })),
      field(t("price.new_total", { currency }), { name: "total", value: plain(order.total), required: true, inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" }),
      field(t("price.why"), { name: "why", required: true, maxlength: 200 }),
    ],
    act: change,
  }, look);
}

function decideCommit(order, look) {
  const key = newKey();
  return ask(t("commit.decide"), {
    content: [h("p", {}, t("commit.more")), field(t("decision"), { name: "decision", options: [["retry", t("commit.retry")], ["refund", t("commit.refund")]] })],
    act: ({ decision }) => api.post(`/v1/orders/${order.order_id}/decide-commit`, { decision }, { key }),
  }, look);
}

function refund(order, payment, look) {
  let work = { said: null, key: null };
  const rest = { ...payment.captured, minor: refundable(payment) };
  const give = (values) => {
    const body = refundOf(values, order, rest);
    const said = JSON.stringify(body);
    if (work.said !== said) work = { said, key: newKey() }; // the same wish again is the same refund
    return api.post(`/v1/payments/${payment.payment_id}/refund`, body, { key: work.key });
  };
  return ask(t("refund.give"), {
    content: [
      field(t("refund.amount", { most: money(rest) }), { name: "amount", value: plain(rest), required: true, inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" }),
      field(t("refund.reason"), { name: "reason", options: REASONS.map((reason) => [reason, word("refund_reason", reason)]) }),
      h("fieldset", { class: "form-grid" }, h("legend", {}, t("refund.lines")), order.lines.map(unitsField)),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "restock" }), t("refund.restock")),
      field(t("refund.note"), { name: "note", maxlength: 500 }),
    ],
    act: give,
  }, look);
}

function refundOf(values, order, rest) {
  const minor = minorOf(values.amount, rest.currency);
  return { amount: { minor, currency: rest.currency }, reason: values.reason, lines: unitsOf(values, order), restock: "restock" in values, note: values.note };
}

/** First which units, then what they bring by the shop's rules, and only then the refund. */
async function refundLines(order, payment, look) {
  let asked = null;
  let proposal = null;
  const choose = async (values) => {
    asked = { lines: unitsOf(values, order), shipping: "shipping" in values };
    proposal = await api.post(`/v1/orders/${order.order_id}/refund-proposal`, asked);
  };
  const chosen = await dialog(t("refund.by_lines"), {
    content: [
      h("fieldset", { class: "form-grid" }, h("legend", {}, t("refund.lines")), order.lines.map(unitsField)),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "shipping", checked: true }), t("refund.shipping")),
    ],
    submit: t("refund.propose"),
    act: choose,
  });
  if (!chosen) return;
  const key = newKey();
  await ask(t("refund.proposal"), {
    content: [
      proposalView(proposal),
      field(t("refund.reason"), { name: "reason", options: REASONS.map((reason) => [reason, word("refund_reason", reason)]) }),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "restock" }), t("refund.restock")),
      field(t("refund.note"), { name: "note", maxlength: 500 }),
    ],
    submit: t("refund.give_amount", { amount: money(proposal.amount) }),
    act: ({ reason, note, restock }) => api.post(`/v1/payments/${payment.payment_id}/refund`, { ...asked, reason, note, restock: restock !== undefined }, { key }),
  }, look);
}

function proposalView({ paid, clawbacks, amount, points, whole }) {
  return h("dl", { class: "figures", id: "proposal" },
    h("dt", {}, t("refund.paid")), h("dd", {}, money(paid)),
    clawbacks.map((lost) => [h("dt", {}, t("refund.clawback", { label: half(lost.label) })), h("dd", {}, `−${money(lost.amount)}`)]),
    h("dt", { class: "sum" }, t("refund.amount_back")), h("dd", { class: "sum" }, money(amount)),
    points > 0 && [h("dt", {}, t("refund.points_back")), h("dd", {}, count(points))],
    whole && [h("dt", {}, t("refund.whole")), h("dd", {}, "✓")]);
}

function unitsField(line) {
  return field(`${half(line.title)} ${line.options}`, { name: `line ${line.sku_id}`, type: "number", min: 0, max: line.quantity, value: 0 });
}

function unitsOf(values, order) {
  return order.lines.map((line) => ({ sku_id: line.sku_id, quantity: Number(values[`line ${line.sku_id}`]) })).filter((line) => line.quantity > 0);
}

/** For a refund that its channel refused: try again, or say that it was paid by other means. */
export function refundDecisions(refund, look) {
  if (refund.state !== "refused" || !can("finance")) return null;
  const key = newKey();
  const decide = (decision) => ask(t(`refund.${decision}`), {
    content: h("p", {}, t(`refund.${decision}.more`, { amount: money(refund.amount), why: refund.refusal ?? "" })),
    act: () => api.post(`/v1/refunds/${refund.refund_id}/decide`, { decision }, { key: `${key}-${decision}` }),
  }, look);
  return ["retry", "other_means"].map((decision) => button(t(`refund.${decision}`), () => decide(decision), { kind: "small" }));
}

function correctAddress(order, look) {
  const of = (name, more) => field(t(`address.${name}`), { name, value: order.address[name], required: name !== "postal_code", ...more });
  return ask(t("address.correct"), {
    content: h("div", { class: "form-grid" }, of("recipient"), of("phone"), of("line"), of("city"), of("region"), of("postal_code"), of("country", { maxlength: 2, pattern: "[A-Z]{2}" })),
    act: (values) => api.put(`/v1/operators/orders/${order.order_id}/address`, values),
  }, look);
}
