// What only a person can write into the books: a chargeback of an order, and an adjustment between two accounts.

import { h } from "../lib/dom.js";
import { minorOf, money, plain } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { button, dialog, field, say } from "../lib/ui.js";
import { api, can } from "./context.js";

const AMOUNT = { name: "amount", required: true, inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" };
const EXPENSES = ["fees", "other_means", "chargebacks", "adjustments"];

/** An account in words. */
export function accountName(account) {
  return account.startsWith("channel:") ? t("account_of.channel", { name: account.slice(8) }) : word("account_of", account);
}

/** A button that books a chargeback of one of the order's captures; nothing when no money came. */
export function chargebackAction(payment, look) {
  const captures = payment.attempts.filter((one) => ["captured", "surplus"].includes(one.state));
  if (!captures.length || !can("finance")) return null;
  return button(t("chargeback.book"), () => bookChargeback(payment, captures, look));
}

async function bookChargeback(payment, captures, look) {
  const ask = keyed((body, key) => api.post(`/v1/payments/${payment.payment_id}/chargebacks`, body, { key }));
  const named = captures.map((one) => [one.attempt_id, `${one.channel} ${money(one.amount)}`]);
  const done = await dialog(t("chargeback.book"), {
    content: [
      h("p", {}, t("chargeback.more")),
      field(t("chargeback.of"), { name: "attempt_id", options: named }),
      field(t("col.amount"), { ...AMOUNT, value: plain(captures[0].amount) }),
      field(t("chargeback.case"), { name: "reference", required: true, maxlength: 120 }),
      field(t("col.why"), { name: "reason", required: true, minlength: 3, maxlength: 500 }),
    ],
    submit: t("chargeback.book"),
    danger: true,
    act: ({ amount, ...rest }) => ask({ ...rest, amount: { minor: minorOf(amount, payment.amount.currency), currency: payment.amount.currency } }),
  });
  if (done) {
    say(t("console.done"));
    await look();
  }
}

/** A button that moves an amount between accounts of channels and expenses. */
export function adjustAction(balances, look) {
  return button(t("adjust.do"), () => adjust(balances, look));
}

async function adjust({ totals }, look) {
  const channels = await api.get("/v1/reconciliations/channels");
  const accounts = [...channels.map((name) => `channel:${name}`), ...EXPENSES].map((one) => [one, accountName(one)]);
  const currencies = totals.length ? totals.map((total) => total.currency) : ["CNY"];
  const ask = keyed((body, key) => api.post("/v1/ledger/adjustments", body, { key }));
  const done = await dialog(t("adjust.do"), {
    content: [
      h("p", {}, t("adjust.more")),
      field(t("adjust.debit"), { name: "debit", options: accounts }),
      field(t("adjust.credit"), { name: "credit", options: accounts, value: "chargebacks" }),
      field(t("col.amount"), AMOUNT),
      field(t("adjust.currency"), { name: "currency", options: currencies.map((one) => [one, one]) }),
      field(t("col.why"), { name: "reason", required: true, minlength: 3, maxlength: 500 }),
    ],
    submit: t("adjust.do"),
    danger: true,
    act: ({ amount, currency, ...rest }) => ask({ ...rest, amount: { minor: minorOf(amount, currency), currency } }),
  });
  if (done) {
    say(t("console.done"));
    await look();
  }
}

/** The same wish again goes under the same key; another wish under another one. */
function keyed(send) {
  let work = { said: null, key: null };
  return (body) => {
    const said = JSON.stringify(body);
    if (work.said !== said) work = { said, key: newKey() };
    return send(body, work.key);
  };
}
