// What happened to an order as one list: its saga, its money, its stock and its parcels, each with the run that did it.

import { money } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";

/** Everything that is known, oldest first: `{at, lane, title, detail, actor, workflow}` each. */
export function tell({ order, timeline, payment, refunds, transfers, parcels, journal }) {
  const names = new Map(order.lines.map((line) => [line.sku_id, half(line.title)]));
  const told = [
    ...timeline.map(step),
    ...(payment ? paid(payment) : []),
    ...refunds.flatMap(refunded),
    ...transfers.map(booked),
    ...journal.map((movement) => moved(movement, names)),
    ...parcels.flatMap(tracked),
  ];
  return told.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function step(entry) {
  const lane = entry.step.startsWith("parcel_") ? "parcel" : "saga";
  return { at: entry.at, lane, title: word("step", entry.step), detail: entry.detail, actor: entry.actor, workflow: entry.workflow_id };
}

function paid(payment) {
  const workflow = `payment-timeout/${payment.order_id}`;
  return payment.attempts.flatMap((attempt) => {
    const opened = { at: attempt.created_at, lane: "money", title: t("story.attempt", { channel: attempt.channel }), detail: `${money(attempt.amount)} · ${word("attempt", attempt.state)}`, workflow };
    if (!attempt.captured_at) return [opened];
    const title = t(attempt.state === "surplus" ? "story.surplus" : "story.captured", { channel: attempt.channel });
    return [opened, { at: attempt.captured_at, lane: "money", title, detail: `${money(attempt.amount)} · ${attempt.attempt_id}`, workflow }];
  });
}

function refunded(refund) {
  const workflow = `refund/${refund.refund_id}`;
  const common = { lane: "money", actor: refund.actor, workflow };
  const asked = { ...common, at: refund.created_at, title: t("story.refund", { amount: money(refund.amount) }), detail: word("refund_reason", refund.reason) };
  if (!refund.finished_at) return [asked];
  const detail = [word("refund_state", refund.state), refund.refusal].filter(Boolean).join(": ");
  return [asked, { ...common, at: refund.finished_at, title: t("story.refund.end", { amount: money(refund.amount) }), detail }];
}

function booked(transfer) {
  return { at: transfer.at, lane: "money", title: `${t("story.booked")} ${word("transfer", transfer.kind)} ${money(transfer.amount)}`, detail: `${transfer.debit} ← ${transfer.credit}` };
}

function moved(movement, names) {
  const sign = movement.delta > 0 ? "+" : "−";
  const title = `${names.get(movement.sku_id) ?? movement.sku_id} ${sign}${Math.abs(movement.delta)}`;
  return { at: movement.at, lane: "stock", title: `${word("movement", movement.reason)}: ${title}`, detail: t("story.left", { n: movement.on_hand_after }), actor: movement.actor };
}

function tracked(parcel) {
  return parcel.tracking.map((event) => ({
    at: event.at,
    lane: "parcel",
    title: `${word("tracking", event.status)} · ${event.place}`,
    detail: event.detail,
    actor: parcel.carrier,
    workflow: `fulfillment/${parcel.shipment_id}`,
  }));
}
