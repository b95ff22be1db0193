// Systems outside that are told of events: who they are, what was sent, and sending it again.

import { fill, h } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { newKey } from "../lib/http.js";
import { t, word } from "../lib/i18n.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api, runLink } from "./context.js";
import { table } from "./pieces.js";

const HEADS = ["col.since", "webhooks.event", "col.status", "webhooks.tries", "run.title", ""];

/** Every endpoint. */
export async function webhooksPage({ visit }) {
  visit.wait("list");
  const load = (cursor) => api.get("/v1/operators/webhooks", { query: { limit: 50, cursor }, signal: visit.signal });
  const [first, types] = await Promise.all([load(), api.get("/v1/operators/webhooks/event-types", { signal: visit.signal })]);
  const list = h("div", { class: "desks" });
  const again = () => visit.router.show({ scroll: false });
  const more = endless(first, { into: list, row: (endpoint) => panel(endpoint, types, again), load });
  visit.show(t("console.webhooks"),
    h("header", { class: "order-head" }, h("div", {}, h("h1", {}, t("console.webhooks")), h("p", { class: "soft" }, t("webhooks.promise"))), button(t("webhooks.add"), () => add(types, again), { kind: "main" })),
    first.items.length ? [list, more] : empty("link", t("webhooks.none")));
}

function panel(endpoint, types, again) {
  const { terms } = endpoint;
  const log = h("div", {});
  return h("section", { class: "panel" },
    h("h2", {}, h("code", {}, terms.url), terms.enabled ? badge("endpoint", endpoint.failing_since ? "failing" : "enabled") : h("span", { class: "badge rejected" }, word("disabled_why", endpoint.disabled_why))),
    terms.description && h("p", {}, terms.description),
    h("p", { class: "soft" }, terms.event_types.length ? terms.event_types.join(", ") : t("webhooks.every_event"), endpoint.failing_since && ` · ${t("webhooks.failing_since", { at: moment(endpoint.failing_since) })}`, endpoint.secrets > 1 && ` · ${t("webhooks.overlap")}`),
    h("p", { class: "row" },
      button(t("webhooks.log"), () => showLog(endpoint, log), { kind: "small" }),
      button(t("webhooks.revise"), () => revise(endpoint, types, again), { kind: "small" }),
      button(t(terms.enabled ? "webhooks.disable" : "webhooks.enable"), () => keep(endpoint, { ...terms, enabled: !terms.enabled }, again), { kind: "small" }),
      button(t("webhooks.rotate"), () => rotate(endpoint, again), { kind: "small" }),
      terms.enabled && button(t("webhooks.again_since"), () => againSince(endpoint, log), { kind: "small" })),
    log);
}

async function showLog(endpoint, room) {
  const path = `/v1/operators/webhooks/${endpoint.endpoint_id}/deliveries`;
  const load = (cursor) => api.get(path, { query: { limit: 20, cursor } });
  const first = await load();
  const rows = h("tbody", {});
  const more = endless(first, { into: rows, row: (delivery) => logRow(delivery, path, () => showLog(endpoint, room)), load });
  fill(room, first.items.length ? [table(HEADS, rows), more] : h("p", { class: "soft" }, t("console.nothing")));
}

function logRow(delivery, path, look) {
  return h("tr", {},
    h("td", { class: "soft" }, moment(delivery.created_at)),
    h("td", { class: "break" }, h("code", {}, delivery.message.event_type), " ", h("span", { class: "soft" }, delivery.message.event_id)),
    h("td", {}, badge("delivery", delivery.state)),
    h("td", { class: "number" }, delivery.attempts),
    h("td", {}, runLink(`webhook/${delivery.delivery_id}`)),
    h("td", {}, h("span", { class: "row tight" },
      button(t("webhooks.look"), () => showDelivery(delivery, path), { kind: "small" }),
      button(t("webhooks.again"), () => sendAgain(delivery, path, look), { kind: "small" }))));
}

async function showDelivery(delivery, path) {
  const { attempts } = await api.get(`${path}/${delivery.delivery_id}`);
  await dialog(delivery.message.event_type, {
    content: [
      h("p", { class: "soft" }, h("code", {}, `webhook-id: ${delivery.message.message_id}`)),
      h("pre", { class: "body" }, JSON.stringify(JSON.parse(delivery.message.body), null, 2)),
      h("ol", { class: "timeline" }, attempts.map((one) => h("li", {},
        h("b", {}, one.status ?? word("webhook_failure", one.failure)), ` · ${one.duration_ms} ms`, one.excerpt && h("code", { class: "soft" }, ` ${one.excerpt.slice(0, 200)}`), h("time", { class: "soft" }, moment(one.at))))),
    ],
    submit: t("words.seen"),
    act: () => null,
  });
}

async function sendAgain(delivery, path, look) {
  await api.post(`${path}/${delivery.delivery_id}/again`, undefined, { key: newKey() });
  say(t("webhooks.sent_again", { n: 1 }));
  setTimeout(look, 1000);
}

function terms(types, known = { url: "", description: "", event_types: [] }) {
  return [
    field(t("webhooks.url"), { name: "url", type: "url", value: known.url, required: true, placeholder: "https://", maxlength: 500 }),
    field(t("webhooks.description"), { name: "description", value: known.description, maxlength: 200 }),
    field(t("webhooks.events"), { name: "event_types", tag: "textarea", rows: 4, value: known.event_types.join("\n"), hint: t("webhooks.events.hint") }),
    h("details", {}, h("summary", {}, t("webhooks.every_type", { n: types.length })), h("p", { class: "details" }, types.join("  "))),
  ];
}

function said(values, enabled) {
  return { url: values.url, description: values.description, event_types: values.event_types.split(/\s+/).filter(Boolean), enabled };
}

async function add(types, again) {
  let made;
  const went = await dialog(t("webhooks.add"), {
    content: terms(types),
    submit: t("webhooks.add"),
    act: async (values) => (made = await api.post("/v1/operators/webhooks", said(values, true))),
  });
  if (!went) return;
  await showSecret(made.secret);
  await again();
}

async function revise(endpoint, types, again) {
  const went = await dialog(t("webhooks.revise"), {
    content: terms(types, endpoint.terms),
    submit: t("account.save"),
    act: (values) => api.put(`/v1/operators/webhooks/${endpoint.endpoint_id}`, said(values, endpoint.terms.enabled), { version: endpoint.version }),
  });
  if (went) await again();
}

async function keep(endpoint, changed, again) {
  await api.put(`/v1/operators/webhooks/${endpoint.endpoint_id}`, changed, { version: endpoint.version });
  say(t("console.done"));
  await again();
}

async function rotate(endpoint, again) {
  let made;
  const went = await dialog(t("webhooks.rotate"), {
    content: [h("p", { class: "soft" }, t("webhooks.rotate.more")), field(t("webhooks.rotate.hours"), { name: "hours", type: "number", min: 0, max: 168, value: 24, required: true })],
    submit: t("webhooks.rotate"),
    act: async ({ hours }) => (made = await api.send("POST", `/v1/operators/webhooks/${endpoint.endpoint_id}/secrets`, { body: { overlap_hours: Number(hours) }, version: endpoint.version })),
  });
  if (!went) return;
  await showSecret(made.secret);
  await again();
}

function showSecret(secret) {
  return dialog(t("webhooks.secret"), {
    content: [h("p", {}, t("webhooks.secret.more")), h("p", {}, h("code", { class: "secret" }, secret))],
    submit: t("webhooks.secret.kept"),
    act: () => null,
  });
}

async function againSince(endpoint, log) {
  const key = newKey();
  let sent;
  const went = await dialog(t("webhooks.again_since"), {
    content: [h("p", { class: "soft" }, t("webhooks.again_since.more")), field(t("webhooks.since"), { name: "since", type: "datetime-local", required: true })],
    submit: t("webhooks.again"),
    act: async ({ since }) => (sent = await api.post(`/v1/operators/webhooks/${endpoint.endpoint_id}/redeliveries`, { since: new Date(since).toISOString() }, { key })),
  });
  if (!went) return;
  say(t("webhooks.sent_again", { n: sent.deliveries }));
  setTimeout(() => showLog(endpoint, log), 1000);
}
