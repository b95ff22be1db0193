// After-sales in the console: the queue of the audit, and one case with its evidence, its decisions and its inspection.

import { fill, h } from "../lib/dom.js";
import { moment, money, short } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { evidenceRow } from "../lib/evidence.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api, can, runLink, skuNames } from "./context.js";
import { id, plainSkuName, skuName, table } from "./pieces.js";

const STATES = ["auditing", "awaiting_return", "returning", "received", "sold_out", "replacement_sent", "refunding", "refund_refused", "rejected", "refunded", "exchanged", "withdrawn", "expired", "closed"];

/** The cases in one state, oldest first; the audit's at first. */
export async function aftersalesPage({ visit, query }) {
  visit.wait("list");
  const state = query.get("state") ?? "auditing";
  const load = (cursor) => api.get("/v1/operators/aftersales", { query: { state, cursor }, signal: visit.signal });
  const [first, names] = await Promise.all([load(), skuNames()]);
  const body = h("tbody", {});
  const choose = h("select", { "aria-label": t("col.status"), on: { change: (event) => visit.router.go(`/console/aftersales?state=${event.target.value}`) } },
    STATES.map((name) => h("option", { value: name, selected: name === state }, word("aftersale", name))));
  visit.show(t("console.aftersales"),
    h("h1", {}, t("console.aftersales")),
    h("p", { class: "row" }, choose),
    first.items.length
      ? [caseTable(body), endless(first, { into: body, row: (found) => caseRow(found, names), load })]
      : empty("check", t("work.nothing")));
}

/** A table for cases; also among the work that waits. */
export function caseTable(body) {
  return table(["col.case", "col.kind", "col.order", "col.goods", "col.why", "col.amount", "col.status", "col.since"], body);
}

/** One case in a table. */
export function caseRow(found, names) {
  return h("tr", {},
    h("td", {}, id(found.aftersale_id, `/console/aftersales/${found.aftersale_id}`)),
    h("td", {}, word("aftersale_kind", found.kind)),
    h("td", {}, id(found.order_id, `/console/orders/${found.order_id}`)),
    h("td", {}, found.lines.map((line) => [skuName(names, line.sku_id), ` × ${line.quantity} `])),
    h("td", {}, word("aftersale_reason", found.reason)),
    h("td", { class: "number" }, money(found.at_most ?? found.proposed)),
    h("td", {}, badge("aftersale", found.state), found.escalated && h("span", { class: "badge failed" }, t("aftersale.escalated"))),
    h("td", { class: "soft" }, moment(found.changed_at)));
}

/** One case. */
export async function casePage({ visit, params }) {
  visit.wait("page");
  const room = h("div", { class: "case-room" });
  const path = `/v1/aftersales/${params.id}`;
  const get = (more) => api.get(path + more, { signal: visit.signal });
  const names = await skuNames();
  const look = async () => draw(room, visit, await Promise.all([get(""), get("/timeline"), get("/evidence")]), names, look);
  await look();
  visit.show(t("console.case"), room);
}

function draw(room, visit, [found, timeline, pictures], names, look) {
  const goods = (lines) => h("ul", {}, lines.map((line) => h("li", {}, skuName(names, line.sku_id), ` × ${line.quantity}`)));
  const fact = (label, value) => value && [h("dt", {}, label), h("dd", {}, value)];
  fill(room,
    h("p", {}, h("a", { href: "/console/aftersales" }, t("console.aftersales"))),
    h("header", { class: "row" }, h("h1", {}, word("aftersale_kind", found.kind)), badge("aftersale", found.state), found.escalated && h("span", { class: "badge failed" }, t("aftersale.escalated")), runLink(`aftersale/${found.aftersale_id}`)),
    h("p", { class: "row", id: "decisions" }, decisions(found, names, look)),
    h("div", { class: "two" },
      h("section", { class: "panel" },
        h("h2", {}, t("checkout.goods")), goods(found.lines),
        h("dl", { class: "facts" },
          fact(t("col.case"), h("code", {}, found.aftersale_id)),
          fact(t("col.order"), id(found.order_id, `/console/orders/${found.order_id}`)),
          fact(t("col.why"), word("aftersale_reason", found.reason)),
          fact(t("aftersale.description"), found.description),
          fact(t("aftersale.proposed"), money(found.proposed)),
          fact(t("aftersale.at_most"), found.at_most && `${money(found.at_most)} — ${found.lowered_because}`),
          fact(t("sum.refunded"), found.refunded && money(found.refunded)),
          fact(t("aftersale.way_back"), found.return_waybill && `${found.return_waybill.carrier} ${found.return_waybill.waybill}`),
          fact(t("aftersale.replacement"), found.shipment_id && h("code", {}, found.shipment_id)),
          fact(t("aftersale.decision"), found.decision)),
        found.inspection.length > 0 && [h("h3", {}, t("aftersale.accepted")), goods(found.accepted)]),
      h("div", {},
        h("section", { class: "panel" }, h("h2", {}, t("evidence.title")), pictures.length ? evidenceRow(api, pictures, visit.signal) : h("p", { class: "soft" }, t("evidence.none"))),
        h("section", { class: "panel" }, h("h2", {}, t("order.history")), h("ol", { class: "case-steps" }, timeline.map(step))))));
}

function step({ state, actor, detail, at }) {
  const who = actor.startsWith("operator:") ? short(actor.slice(9)) : actor;
  return h("li", {}, h("b", {}, word("aftersale", state)), detail && h("span", {}, detail), h("span", { class: "soft" }, word("case_actor", who), " · ", moment(at)));
}

function decisions(found, names, look) {
  const waits = (...states) => states.includes(found.state);
  const act = (verb, content, body, more = {}) => button(t(`case.${verb}`), () => ask(found, verb, content, body, look), more);
  const service = can("service");
  const lowerable = waits("auditing", "awaiting_return", "returning", "received", "sold_out", "refund_refused");
  const closable = lowerable || waits("rejected");
  return [
    service && waits("auditing") && act("audit", null, () => ({ approve: true }), { kind: "main" }),
    service && waits("auditing") && button(t("case.reject"), () => ask(found, "audit", why("because"), ({ because }) => ({ approve: false, because }), look, "case.reject")),
    waits("returning") && act("receive", null, () => undefined, { kind: "main" }),
    waits("returning", "received") && act("inspect", inspecting(found, names), (values) => inspection(found, values), { kind: "main" }),
    service && waits("refund_refused") && act("try-refund", null, () => undefined, { kind: "main" }),
    waits("sold_out") && act("look-again", null, () => undefined),
    service && lowerable && act("lower", [field(t("case.lower.to"), { name: "minor", type: "number", min: 0, max: (found.at_most ?? found.proposed).minor - 1, required: true, hint: t("case.lower.hint", { amount: money(found.at_most ?? found.proposed) }) }), why("because")], ({ minor, because }) => ({ at_most: { minor: Number(minor), currency: found.proposed.currency }, because })),
    service && closable && act("close", why("because"), ({ because }) => ({ because })),
  ];
}

function why(name) {
  return field(t("case.because"), { name, tag: "textarea", required: true, maxlength: 500, rows: 2, hint: t("case.because.hint") });
}

function inspecting(found, names) {
  return h("div", { class: "form-grid" },
    found.lines.map((line) => {
      const name = plainSkuName(names, line.sku_id);
      const count = (what, value) => field(t(`case.${what}`, { name }), { name: `${what}/${line.sku_id}`, type: "number", min: 0, max: line.quantity, value, required: true });
      return [count("accepted", line.quantity), count("resellable", 0)];
    }),
    field(t("case.because"), { name: "because", tag: "textarea", maxlength: 500, rows: 2, hint: t("case.inspect.hint") }));
}

function inspection(found, values) {
  const lines = found.lines.map(({ sku_id }) => ({ sku_id, accepted: Number(values[`accepted/${sku_id}`]), resellable: Number(values[`resellable/${sku_id}`]) }));
  return { lines, because: values.because };
}

async function ask(found, verb, content, body, look, title = `case.${verb}`) {
  const key = newKey();
  const went = await dialog(t(title), {
    content: [h("p", { class: "soft" }, t(`${title}.more`)), content],
    submit: t(title),
    act: (values) => api.post(`/v1/operators/aftersales/${found.aftersale_id}/${verb}`, body(values), { key }),
  });
  if (!went) return;
  say(t("console.done"));
  await look();
}
