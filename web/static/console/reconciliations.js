// Our books beside what channels say: reports, run a day by hand, and what differs.

import { h, icon } from "../lib/dom.js";
import { count, moment, money } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { badge, button, empty, endless, field, form, say } from "../lib/ui.js";
import { api, runLink } from "./context.js";
import { id, table } from "./pieces.js";

const AGREES = ["matched", "refund_matched", "fee_matched", "chargeback_matched"];
const LOOKS_AGAIN = 1500; // milliseconds, and at most so often:
const LOOKS = 20;

/** Reports, newest first, of one channel or all; and a form that reconciles a day. */
export async function reconciliationsPage({ visit, query }) {
  visit.wait("list");
  const channel = query.get("channel") ?? "";
  const load = (cursor) => api.get("/v1/reconciliations", { query: { channel, limit: 25, cursor }, signal: visit.signal });
  const [channels, first] = await Promise.all([api.get("/v1/reconciliations/channels", { signal: visit.signal }), load()]);
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: reportRow, load });
  const choose = (event) => visit.router.go(event.target.value ? `/console/reconciliations?channel=${event.target.value}` : "/console/reconciliations");
  visit.show(t("recon.title"),
    h("h1", {}, t("recon.title")),
    h("section", { class: "panel" }, h("h2", {}, t("recon.run")), h("p", { class: "soft" }, t("recon.run.more")), runForm(visit, channels, channel)),
    h("section", { class: "panel" },
      h("div", { class: "filters" }, field(t("recon.channel"), { name: "of", value: channel, options: [["", t("console.any")], ...channels.map((one) => [one, one])], on: { change: choose } })),
      first.items.length ? [table(["recon.day", "recon.channel", "recon.outcome", "recon.lines", "recon.differences", "recon.repairs", "recon.made", ""], rows), more] : empty("list", t("recon.none"))));
}

function runForm(visit, channels, channel) {
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  let work = { said: null, key: null };
  const run = async (values) => {
    const said = `${values.channel} ${values.day}`;
    if (work.said !== said) work = { said, key: newKey() };
    const before = (await newest(values))?.number;
    const started = await api.post("/v1/reconciliations", { channel: values.channel, day: values.day }, { key: work.key });
    work.said = null; // asking once more is another run
    const report = await reportAfter(visit, values, before);
    if (report) return visit.router.go(`/console/reconciliations/${report.number}`);
    say(t("recon.waits"));
    return waitingFor.replaceChildren(t("recon.waits"), " ", runLink(started.workflow_id));
  };
  const waitingFor = h("p", { class: "soft", role: "status" });
  return form(run, {
    class: "filters",
    fields: [
      field(t("recon.channel"), { name: "channel", value: channel || channels[0], options: channels.map((one) => [one, one]) }),
      field(t("recon.day"), { name: "day", type: "date", required: true, value: yesterday, max: new Date().toISOString().slice(0, 10) }),
    ],
    submit: t("recon.run"),
    more: [waitingFor],
  });
}

async function newest({ channel, day }) {
  const found = await api.get("/v1/reconciliations", { query: { channel, day, limit: 1 } });
  return found.items[0];
}

/** The report of the run that was just asked for. The same statement again makes none: then the last one is shown after a moment. */
async function reportAfter(visit, asked, before) {
  for (let look = 1; look <= LOOKS && !visit.signal.aborted; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOKS_AGAIN));
    const report = await newest(asked);
    if (report && (report.number !== before || look >= 3)) return report;
  }
  return null;
}

function reportRow(report) {
  return h("tr", {},
    h("td", {}, h("a", { href: `/console/reconciliations/${report.number}` }, report.day), " ", h("span", { class: "soft" }, t("recon.revision", { n: report.revision }))),
    h("td", {}, h("code", {}, report.channel)),
    h("td", {}, badge("outcome", report.outcome)),
    h("td", { class: "number" }, count(report.lines)),
    h("td", { class: "number" }, count(report.differences)),
    h("td", { class: "number" }, count(report.repairs)),
    h("td", { class: "soft" }, moment(report.made_at)),
    h("td", {}, report.failure ? h("span", { class: "details" }, report.failure) : ""));
}

/** One report: the sums of every kind, then each difference with what was done about it. */
export async function reconciliationPage({ visit, params }) {
  visit.wait("list");
  const path = `/v1/reconciliations/${params.number}`;
  const load = (cursor) => api.get(`${path}/differences`, { query: { limit: 50, cursor }, signal: visit.signal });
  const [report, first] = await Promise.all([api.get(path, { signal: visit.signal }), load()]);
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: differenceRow, load });
  visit.show(`${report.channel} ${report.day}`,
    h("p", { class: "crumbs" }, h("a", { href: "/console/reconciliations" }, t("recon.title"))),
    h("header", { class: "order-head" },
      h("div", {}, h("h1", {}, report.channel, " ", report.day, " ", badge("outcome", report.outcome)),
        h("p", { class: "soft" }, t("recon.made_of", { n: report.revision, lines: count(report.lines), at: moment(report.made_at) }))),
      report.differences > 0 && button(t("recon.csv"), () => saveCsv(report), { symbol: "book" })),
    report.failure && h("p", { class: "callout", role: "alert" }, t("recon.failed", { line: report.failure_line ?? "?" }), " ", report.failure),
    !report.failure && h("section", { class: "panel" }, h("h2", {}, t("recon.sums")), sums(report)),
    h("section", { class: "panel" },
      h("h2", {}, t("recon.differences")),
      first.items.length
        ? [table(["recon.kind", "recon.line", "recon.ours", "recon.theirs", "recon.apart", "recon.transaction", "col.order", "recon.repair"], rows), more]
        : h("p", { class: "row" }, h("span", { class: "badge done" }, icon("check")), report.failure ? t("recon.nothing_compared") : t("recon.agrees"))));
}

function sums(report) {
  const body = report.totals.map((total) => {
    const cell = (minor) => h("td", { class: "number" }, money({ minor, currency: total.currency }));
    return h("tr", {}, h("td", {}, h("span", { class: AGREES.includes(total.kind) ? "badge done" : "badge failed" }, word("difference", total.kind))),
      h("td", { class: "number" }, count(total.count)), cell(total.ours), cell(total.theirs), cell(total.theirs - total.ours));
  });
  const fees = report.fees.map((fee) => h("p", { class: "soft" }, t("recon.fees", { amount: money(fee) })));
  return [table(["recon.kind", "recon.count", "recon.ours", "recon.theirs", "recon.apart"], h("tbody", {}, body)), fees];
}

function differenceRow(one) {
  const cell = (minor) => h("td", { class: "number" }, minor === null ? "–" : money({ minor, currency: one.currency }));
  return h("tr", {},
    h("td", {}, h("span", { class: "badge failed" }, word("difference", one.kind))),
    h("td", { class: "number" }, one.line ?? "–"),
    cell(one.ours), cell(one.theirs), cell((one.theirs ?? 0) - (one.ours ?? 0)),
    h("td", {}, one.transaction_id ? id(one.transaction_id) : ""),
    h("td", {}, one.order_id ? id(one.order_id, `/console/orders/${one.order_id}`) : ""),
    h("td", {}, repairOf(one)));
}

function repairOf(one) {
  if (!one.repair) return h("span", { class: "badge failed" }, t("recon.person"));
  const done = one.repaired_at ? t("recon.repaired", { at: moment(one.repaired_at) }) : t("recon.under_way");
  return h("span", {}, word("repair", one.repair), h("span", { class: "soft detail" }, " ", done));
}

async function saveCsv(report) {
  const file = await api.blob(`/v1/reconciliations/${report.number}/differences.csv`);
  const address = URL.createObjectURL(file);
  const link = h("a", { href: address, download: `reconciliation-${report.channel}-${report.day}-revision-${report.revision}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
