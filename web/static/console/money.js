// The books: what is owed and kept now or at a past moment, chargebacks, refunds by state, and whether everything adds up.

import { h, icon } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { badge, empty, endless, field } from "../lib/ui.js";
import { accountName, adjustAction } from "./book_actions.js";
import { api, runLink } from "./context.js";
import { refundDecisions } from "./order_actions.js";
import { id, table } from "./pieces.js";

const STATES = ["", "held", "submitted", "succeeded", "refused", "other_means"];

/** Trial balance, breaks of the money invariant, and refunds. */
export async function moneyPage({ visit, query }) {
  visit.wait("list");
  const state = STATES.includes(query.get("state")) ? query.get("state") : "";
  const get = (path, asked) => api.get(path, { query: asked, signal: visit.signal });
  const load = (cursor) => get("/v1/operators/refunds", { state, limit: 25, cursor });
  const at = query.get("at") ?? "";
  const [balance, breaks, refunds, taken] = await Promise.all([
    get("/v1/ledger/balances", { at: at && new Date(at).toISOString() }), get("/v1/operators/ledger/audit"), load(), get("/v1/ledger/chargebacks", { limit: 10 }),
  ]);
  const rows = h("tbody", {});
  const again = () => visit.router.show({ scroll: false });
  const more = endless(refunds, { into: rows, row: (refund) => refundRow(refund, again), load });
  visit.show(t("console.money"),
    h("h1", {}, t("console.money")),
    h("section", { class: "panel" }, h("h2", {}, t("books.audit")), breaks.length ? breaksTable(breaks) : h("p", { class: "row" }, h("span", { class: "badge done" }, icon("check")), t("books.sound"))),
    h("section", { class: "panel", id: "balance" }, h("h2", {}, t("books.balance")), momentForm(visit, at), balanceTable(balance), h("p", { class: "row" }, adjustAction(balance, again))),
    taken.items.length > 0 && h("section", { class: "panel" }, h("h2", {}, t("books.chargebacks")), chargebackTable(taken.items)),
    h("section", { class: "panel" },
      h("h2", {}, t("books.refunds")),
      h("nav", { class: "tabs", "aria-label": t("books.refunds") }, STATES.map((one) => h("a", { href: one ? `/console/money?state=${one}` : "/console/money", "aria-current": one === state ? "page" : false }, one ? word("refund_state", one) : t("console.any")))),
      refunds.items.length ? [table(["col.refund", "col.order", "col.amount", "col.why", "col.status", "col.since", "run.title", ""], rows), more] : empty("coin", t("console.nothing"))));
}

function momentForm(visit, at) {
  const go = (event) => {
    event.preventDefault();
    const wanted = new FormData(event.currentTarget).get("at");
    visit.router.go(wanted ? `/console/money?at=${wanted}` : "/console/money");
  };
  return h("form", { class: "filters", on: { submit: go } },
    field(t("books.at"), { name: "at", type: "datetime-local", value: at, hint: t("books.at.hint") }),
    h("button", { class: "button", type: "submit" }, t("books.show")));
}

function balanceTable({ at, accounts, totals, balanced }) {
  const amount = (minor, currency) => h("td", { class: "number" }, money({ minor, currency }));
  const row = (name, { debit, credit, currency }) => h("tr", {}, h("td", {}, name), amount(debit, currency), amount(credit, currency), amount(debit - credit, currency));
  const account = ({ account: name, ...sums }) => row(accountName(name), sums);
  return [
    table(["books.account", "books.debit", "books.credit", "books.net"], h("tbody", {}, accounts.map(account), totals.map((total) => row(h("b", {}, t("books.total")), total)))),
    h("p", { class: "row" }, h("span", { class: balanced ? "badge done" : "badge failed" }, icon(balanced ? "check" : "alert")), t(balanced ? "books.balanced" : "books.differ"), h("span", { class: "soft" }, moment(at))),
  ];
}

function chargebackTable(found) {
  return table(["col.order", "recon.channel", "books.case", "col.amount", "books.covered", "col.why", "col.since"], h("tbody", {}, found.map((one) => h("tr", {},
    h("td", {}, id(one.order_id, `/console/orders/${one.order_id}`)),
    h("td", {}, h("code", {}, one.channel)),
    h("td", {}, h("code", {}, one.reference)),
    h("td", { class: "number" }, money(one.amount)),
    h("td", { class: "number" }, money(one.covered)),
    h("td", {}, one.source === "statement" ? t("books.by_statement") : one.reason),
    h("td", { class: "soft" }, moment(one.occurred_at))))));
}

function breaksTable(breaks) {
  return table(["books.check", "col.payment", "col.order", "col.why"], h("tbody", {}, breaks.map((one) => h("tr", {},
    h("td", {}, h("span", { class: "badge failed" }, one.check)),
    h("td", {}, one.payment_id ? id(one.payment_id) : ""),
    h("td", {}, one.order_id ? id(one.order_id, `/console/orders/${one.order_id}`) : ""),
    h("td", {}, one.detail)))));
}

function refundRow(refund, again) {
  return h("tr", {},
    h("td", {}, id(refund.refund_id)),
    h("td", {}, id(refund.order_id, `/console/orders/${refund.order_id}`)),
    h("td", { class: "number" }, money(refund.amount)),
    h("td", {}, word("refund_reason", refund.reason)),
    h("td", {}, badge("refund_state", refund.state)),
    h("td", { class: "soft" }, moment(refund.created_at)),
    h("td", {}, runLink(`refund/${refund.refund_id}`)),
    h("td", {}, h("span", { class: "row" }, refundDecisions(refund, again))));
}
