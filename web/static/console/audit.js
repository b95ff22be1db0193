// What operators did, newest first. Nothing in it can be changed.

import { h } from "../lib/dom.js";
import { precise } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { badge, empty, endless, field } from "../lib/ui.js";
import { api } from "./context.js";
import { id, table } from "./pieces.js";

/** The audit log, narrowed by the address. */
export async function auditPage({ visit, query }) {
  visit.wait("list");
  const asked = { subject: query.get("subject"), operator_id: query.get("operator") };
  const load = (cursor) => api.get("/v1/operators/audit-log", { query: { ...asked, limit: 50, cursor }, signal: visit.signal });
  const first = await load();
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row, load });
  const go = (event) => {
    event.preventDefault();
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value);
    visit.router.go(`/console/audit?${new URLSearchParams(given)}`);
  };
  visit.show(t("console.audit"),
    h("h1", {}, t("console.audit")),
    h("form", { class: "filters", role: "search", on: { submit: go } },
      field(t("audit.subject"), { name: "subject", value: asked.subject ?? "", maxlength: 200, pattern: "[!-~]*" }),
      field(t("audit.operator"), { name: "operator", value: asked.operator_id ?? "", placeholder: "usr_…", pattern: "usr_[0-9a-z]{26}" }),
      h("button", { class: "button main", type: "submit" }, t("search.go"))),
    first.items.length ? [table(["col.since", "audit.action", "audit.subject", "col.status", "audit.details", "audit.operator"], rows), more] : empty("book", t("console.nothing")));
}

function row(entry) {
  const order = entry.subject.startsWith("ord_") ? `/console/orders/${entry.subject}` : `/console/audit?subject=${encodeURIComponent(entry.subject)}`;
  return h("tr", {},
    h("td", { class: "soft" }, precise(entry.at)),
    h("td", {}, h("code", {}, entry.action)),
    h("td", {}, id(entry.subject, order)),
    h("td", {}, badge("audit", entry.phase)),
    h("td", {}, h("span", { class: "details" }, Object.entries(entry.details).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(" · "))),
    h("td", {}, id(entry.operator_id, `/console/audit?operator=${entry.operator_id}`)));
}
