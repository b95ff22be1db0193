// The list of words that reviews are read for: found, changed, tried out, and every version of each.

import { fill, h } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { newKey } from "../lib/http.js";
import { t, word } from "../lib/i18n.js";
import { badge, button, dialog, empty, endless, field, form, say } from "../lib/ui.js";
import { api } from "./context.js";
import { id, table } from "./pieces.js";

const VERDICTS = ["mask", "hold", "reject", "pass"];
const HEADS = ["words.text", "words.verdict", "words.homophones", "col.note", "col.since", ""];

/** The list, and a text to try it on. */
export async function wordsPage({ visit, query }) {
  visit.wait("list");
  const asked = { like: query.get("like") ?? "", verdict: query.get("verdict") ?? "" };
  const load = (cursor) => api.get("/v1/operators/moderation-words", { query: { ...asked, limit: 50, cursor }, signal: visit.signal });
  const first = await load();
  const rows = h("tbody", {});
  const again = () => visit.router.show({ scroll: false });
  const more = endless(first, { into: rows, row: (one) => row(one, again), load });
  const go = (event) => {
    event.preventDefault();
    visit.router.go(`/console/words?${new URLSearchParams([...new FormData(event.currentTarget)].filter(([, value]) => value))}`);
  };
  visit.show(t("console.words"),
    h("header", { class: "order-head" }, h("h1", {}, t("console.words")), button(t("words.add"), () => add(again), { kind: "main" })),
    trial(),
    h("form", { class: "filters", role: "search", on: { submit: go } },
      field(t("words.text"), { name: "like", value: asked.like, maxlength: 60 }),
      field(t("words.verdict"), { name: "verdict", value: asked.verdict, options: [["", t("console.any")], ...choices()] }),
      h("button", { class: "button main", type: "submit" }, t("search.go"))),
    first.items.length ? [table(HEADS, rows), more] : empty("list", t("console.nothing")));
}

function choices() {
  return VERDICTS.map((verdict) => [verdict, word("verdict", verdict)]);
}

function trial() {
  const room = h("div", { role: "status" });
  const ask = async ({ text }) => {
    const read = await api.post("/v1/operators/moderation-words/trial", { text });
    fill(room,
      h("p", { class: "row" }, badge("verdict", read.verdict), h("span", {}, read.shown)),
      read.findings.length > 0 && h("p", { class: "soft" }, t("desk.found"), " ", read.findings.map((one) => `${one.word} (${word("verdict", one.verdict)}, ${word("how", one.how)})`).join("; ")));
  };
  return h("section", { class: "panel" }, h("h2", {}, t("words.trial")),
    form(ask, { fields: field(t("words.trial.text"), { name: "text", tag: "textarea", rows: 2, required: true, maxlength: 1000 }), submit: t("words.trial.go") }),
    room);
}

function row(one, again) {
  return h("tr", { class: one.terms.active ? "" : "off" },
    h("td", {}, h("b", {}, one.terms.text), !one.terms.active && [" ", h("span", { class: "badge" }, t("words.off"))]),
    h("td", {}, badge("verdict", one.terms.verdict)),
    h("td", {}, one.terms.homophones ? t("words.yes") : ""),
    h("td", {}, one.terms.note),
    h("td", { class: "soft" }, moment(one.changed_at), h("br"), id(one.changed_by)),
    h("td", {}, h("span", { class: "row tight" },
      button(t("words.revise"), () => revise(one, again), { kind: "small" }),
      button(t(one.terms.active ? "words.switch_off" : "words.switch_on"), () => keep(one, { ...one.terms, active: !one.terms.active }, again), { kind: "small" }),
      button(t("words.versions"), () => versions(one), { kind: "small" }))));
}

function terms(known = { text: "", verdict: "hold", homophones: false, note: "" }) {
  return [
    field(t("words.text"), { name: "text", value: known.text, required: true, maxlength: 60, hint: t("words.text.hint") }),
    field(t("words.verdict"), { name: "verdict", value: known.verdict, options: choices() }),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "homophones", checked: known.homophones }), t("words.homophones.more")),
    field(t("col.note"), { name: "note", value: known.note, maxlength: 200 }),
  ];
}

async function add(again) {
  const key = newKey();
  const went = await dialog(t("words.add"), {
    content: terms(),
    submit: t("words.add"),
    act: (values) => api.post("/v1/operators/moderation-words", { ...values, homophones: Boolean(values.homophones), active: true }, { key }),
  });
  if (went) await again();
}

async function revise(one, again) {
  const went = await dialog(t("words.revise"), {
    content: terms(one.terms),
    submit: t("account.save"),
    act: (values) => send(one, { ...values, homophones: Boolean(values.homophones), active: one.terms.active }),
  });
  if (went) await again();
}

async function keep(one, changed, again) {
  await send(one, changed);
  say(t("console.done"));
  await again();
}

function send(one, changed) {
  return api.put(`/v1/operators/moderation-words/${one.word_id}`, changed, { version: one.version });
}

async function versions(one) {
  const found = await api.get(`/v1/operators/moderation-words/${one.word_id}/versions`);
  await dialog(t("words.versions"), {
    content: h("ol", { class: "timeline" }, found.map(({ terms: said, version, changed_by: by, changed_at: at }) =>
      h("li", {}, h("b", {}, `${version}: ${said.text}`), " ", badge("verdict", said.verdict), " ", !said.active && t("words.off"), " ", id(by), h("time", { class: "soft" }, moment(at))))),
    submit: t("words.seen"),
    act: () => null,
  });
}
