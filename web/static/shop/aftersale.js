// After-sales as buyers follow them: the list, one case with its timeline, and what may be done about it.

import { fill, h } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { evidenceRow } from "../lib/evidence.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api, loggedIn } from "./context.js";

const OVER = ["refunded", "exchanged", "withdrawn", "expired", "closed"];
const LOOK_AGAIN = 4000;

/** Every case of the reader, newest first. */
export async function aftersalesPage({ visit }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("list");
  const load = (cursor) => api.get("/v1/aftersales", { query: { cursor }, signal: visit.signal });
  const first = await load();
  const list = h("ul", { class: "cases" });
  const content = first.items.length ? [list, endless(first, { into: list, row: caseRow, load })] : empty("box", t("aftersale.none"), h("a", { class: "button", href: "/shop/orders" }, t("nav.orders")));
  visit.show(t("aftersale.mine"), h("h1", {}, t("aftersale.mine")), content);
}

/** One line about a case; also on the page of its order. */
export function caseRow(found) {
  return h("li", { class: "case" },
    h("a", { href: `/shop/aftersales/${found.aftersale_id}` }, word("aftersale_kind", found.kind)),
    badge("aftersale", found.state),
    h("span", { class: "soft" }, moment(found.applied_at)));
}

/** One case; it looks again every few seconds until it is over or the reader leaves. */
export async function casePage({ visit, params }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const room = h("div", { class: "order-page" });
  const path = `/v1/aftersales/${params.id}`;
  const get = (more) => api.get(path + more, { signal: visit.signal });
  const [first, pictures] = await Promise.all([get(""), get("/evidence")]);
  const order = await api.get(`/v1/orders/${first.order_id}`, { signal: visit.signal });
  let version = 0;
  const look = async () => {
    const [found, timeline] = await Promise.all([get(""), get("/timeline")]);
    if (found.version === version) return found;
    const back = found.kind === "refund_only" ? null : await get("/return");
    draw(room, visit, found, timeline, { order, pictures, back, look });
    version = found.version;
    return found;
  };
  await look();
  visit.show(t("aftersale.title"), room);
  const timer = setInterval(async () => {
    const found = await look().catch(() => null); // the next look may have an answer
    if (found && OVER.includes(found.state)) clearInterval(timer);
  }, LOOK_AGAIN);
  visit.signal.addEventListener("abort", () => clearInterval(timer));
}

function draw(room, visit, found, timeline, { order, pictures, back, look }) {
  const titles = new Map(order.lines.map((line) => [line.sku_id, half(line.title)]));
  const goods = (lines) => lines.map((line) => h("li", {}, `${titles.get(line.sku_id) ?? line.sku_id} × ${line.quantity}`));
  fill(room,
    h("nav", { class: "crumbs" }, h("a", { href: "/shop/aftersales" }, t("aftersale.mine")), " › ", h("a", { href: `/shop/orders/${found.order_id}` }, t("order.title"))),
    h("header", { class: "order-head" },
      h("div", {}, h("h1", { id: "state", data: { state: found.state } }, word("aftersale", found.state)), h("p", { class: "soft" }, word("aftersale_kind", found.kind), " · ", found.aftersale_id, " · ", moment(found.applied_at))),
      h("p", { class: "row" }, actions(found, look))),
    h("p", { class: "callout", role: "status" }, t(`aftersale_next.${found.state}`), found.due_at && ` ${t("aftersale.due", { when: moment(found.due_at) })}`,
      found.decision && ["rejected", "closed"].includes(found.state) && h("span", {}, " “", found.decision, "”")),
    h("div", { class: "two" },
      h("div", {},
        h("section", { class: "panel" }, h("h2", {}, t("checkout.goods")), h("ul", {}, goods(found.lines)),
          found.inspection.length > 0 && [h("h3", {}, t("aftersale.accepted")), h("ul", {}, goods(found.accepted))],
          h("p", {}, word("aftersale_reason", found.reason), found.description && ` — “${found.description}”`),
          pictures.length > 0 && evidenceRow(api, pictures, visit.signal)),
        back && h("section", { class: "panel" }, h("h2", {}, t("aftersale.way_back")), wayBack(found, back)),
        found.shipment_id && h("section", { class: "panel" }, h("h2", {}, t("aftersale.replacement")), h("p", {}, h("a", { href: `/shop/orders/${found.order_id}` }, found.shipment_id)))),
      h("aside", {},
        h("section", { class: "panel" }, h("h2", {}, t("aftersale.money")), amounts(found)),
        h("section", { class: "panel" }, h("h2", {}, t("order.history")), h("ol", { class: "timeline" }, timeline.map(step))))));
}

function wayBack(found, { to, warehouse_code: code, parcel }) {
  const where = [to.name, to.city, to.region !== to.city && to.region, to.postal_code, to.country].filter(Boolean).join(", ");
  return [
    h("p", {}, t("aftersale.send_to"), " ", h("b", {}, where), ` (${code})`, h("br"), h("span", { class: "soft" }, t("aftersale.write_on", { id: found.aftersale_id }))),
    found.return_waybill && h("p", {}, `${found.return_waybill.carrier} ${found.return_waybill.waybill}`, parcel?.pickup_at && ` · ${t("aftersale.pickup_at", { when: moment(parcel.pickup_at) })}`),
    parcel && h("ol", { class: "timeline" }, [...parcel.tracking].reverse().map((event) => h("li", {}, h("b", {}, word("tracking", event.status)), " ", event.place, h("time", { class: "soft" }, moment(event.at))))),
  ];
}

function amounts(found) {
  const row = (label, amount) => [h("dt", {}, label), h("dd", {}, amount)];
  return h("dl", { class: "sums" },
    row(t("aftersale.proposed"), money(found.proposed)),
    found.at_most && row(t("aftersale.at_most"), money(found.at_most)),
    found.at_most && row(t("aftersale.because"), found.lowered_because),
    found.refunded && row(t("sum.refunded"), money(found.refunded)));
}

function step(entry) {
  return h("li", {}, h("b", {}, word("aftersale", entry.state)), entry.detail && h("span", {}, entry.detail), h("time", { class: "soft", datetime: entry.at }, moment(entry.at)));
}

function actions(found, look) {
  const act = (verb, content, body, danger = false) => button(t(`aftersale.${verb}`), () => ask(found, verb, content, body, look, danger), { kind: danger ? "" : "main" });
  const waits = (...states) => states.includes(found.state);
  return [
    waits("awaiting_return") && act("pick-up", null, () => undefined),
    waits("awaiting_return") && act("return-waybill", [field(t("aftersale.carrier"), { name: "carrier", required: true, pattern: "[a-z0-9_\\-]{2,40}", value: "sandbox" }), field(t("aftersale.waybill"), { name: "waybill", required: true, pattern: "[A-Za-z0-9\\-]{4,40}" })], ({ carrier, waybill }) => ({ carrier, waybill })),
    waits("sold_out") && act("choice", null, () => ({ refund: true })),
    waits("sold_out") && button(t("aftersale.wait"), async () => {
      await api.post(`/v1/aftersales/${found.aftersale_id}/choice`, { refund: false }, { key: newKey() });
      await look();
    }),
    waits("rejected") && !found.appealed && act("appeal", field(t("aftersale.appeal.why"), { name: "because", tag: "textarea", required: true, maxlength: 500, rows: 3 }), ({ because }) => ({ because })),
    waits("auditing", "awaiting_return", "returning") && act("withdraw", null, () => undefined, true),
  ];
}

async function ask(found, verb, content, body, look, danger) {
  const key = newKey();
  const went = await dialog(t(`aftersale.${verb}`), {
    content: [h("p", {}, t(`aftersale.${verb}.more`)), content],
    submit: t(`aftersale.${verb}`),
    danger,
    act: (values) => api.post(`/v1/aftersales/${found.aftersale_id}/${verb}`, body(values), { key }),
  });
  if (!went) return;
  say(t("aftersale.done"));
  await look();
}
