// The books: what is owed and kept, refunds by state, and whether everything adds up.

import { h, icon } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { badge, empty, endless } from "../lib/ui.js";
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
  const [balance, breaks, refunds] = await Promise.all([get("/v1/operators/ledger/trial-balance"), get("/v1/operators/ledger/audit"), load()]);
  const rows = h("tbody", {});
  const again = () => visit.router.show({ scroll: false });
  const more = endless(refunds, { into: rows, row: (refund) => refundRow(refund, again), load });
  visit.show(t("console.money"),
    h("h1", {}, t("console.money")),
    h("section", { class: "panel" }, h("h2", {}, t("books.audit")), breaks.length ? breaksTable(breaks) : h("p", { class: "row" }, h("span", { class: "badge done" }, icon("check")), t("books.sound"))),
    h("section", { class: "panel" }, h("h2", {}, t("books.balance")), balanceTable(balance)),
    h("section", { class: "panel" },
      h("h2", {}, t("books.refunds")),
      h("nav", { class: "tabs", "aria-label": t("books.refunds") }, STATES.map((one) => h("a", { href: one ? `/console/money?state=${one}` : "/console/money", "aria-current": one === state ? "page" : false }, one ? word("refund_state", one) : t("console.any")))),
      refunds.items.length ? [table(["col.refund", "col.order", "col.amount", "col.why", "col.status", "col.since", "run.title", ""], rows), more] : empty("coin", t("console.nothing"))));
}

function balanceTable(accounts) {
  const amount = (minor, currency) => h("td", { class: "number" }, money({ minor, currency }));
  return table(["books.account", "books.debit", "books.credit"], h("tbody", {}, accounts.map((account) =>
    h("tr", {}, h("td", {}, account.account), amount(account.debit, account.currency), amount(account.credit, account.currency)))));
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
