// Applying for an after-sale: which units, what for, what is wrong, and pictures that show it.

import { fill, h } from "../lib/dom.js";
import { moment, money } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { evidenceRow } from "../lib/evidence.js";
import { explain, field, form, say } from "../lib/ui.js";
import { api, loggedIn } from "./context.js";
import { picture } from "./pieces.js";

const KINDS = ["return_refund", "refund_only", "exchange"];
const REASONS = ["damaged", "wrong_item", "missing_parts", "not_as_described", "quality", "no_longer_wanted", "other"];
const MOST_PICTURES = 9;

/** The form for one order. */
export async function applyPage({ visit, params }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const get = (path) => api.get(`/v1/orders/${params.id}${path}`, { signal: visit.signal });
  const [order, options] = await Promise.all([get(""), get("/aftersale-options")]);
  const left = new Map(options.lines.map((line) => [line.sku_id, line.left]));
  const lines = order.lines.filter((line) => left.get(line.sku_id) > 0);
  const until = options.open_until && h("p", { class: "soft" }, t("aftersale.until", { when: moment(options.open_until) }));
  const back = h("nav", { class: "crumbs" }, h("a", { href: `/shop/orders/${params.id}` }, t("order.title")));
  if (!lines.length) return visit.show(t("aftersale.apply"), back, h("h1", {}, t("aftersale.apply")), h("p", { class: "callout" }, t("aftersale.nothing_left")));
  visit.show(t("aftersale.apply"), back, h("h1", {}, t("aftersale.apply")), until, questions(order, lines, left, visit));
}

function questions(order, lines, left, visit) {
  const key = newKey();
  const pictures = [];
  const estimate = h("p", { class: "soft", id: "estimate", role: "status" });
  const units = h("ul", { class: "lines" }, lines.map((line) => unitLine(line, left.get(line.sku_id))));
  const asked = form(send, {
    class: "panel aftersale-form",
    fields: [
      h("fieldset", {}, h("legend", {}, t("aftersale.which")), units, estimate),
      field(t("aftersale.kind"), { name: "kind", options: KINDS.map((kind) => [kind, word("aftersale_kind", kind)]) }),
      field(t("aftersale.reason"), { name: "reason", options: REASONS.map((reason) => [reason, word("aftersale_reason", reason)]) }),
      field(t("aftersale.description"), { name: "description", tag: "textarea", maxlength: 500, rows: 3, hint: t("aftersale.description.hint") }),
      uploads(pictures, visit),
    ],
    submit: t("aftersale.send"),
  });
  asked.addEventListener("change", () => tellEstimate(order, asked, estimate, visit.signal));
  return asked;

  async function send(values) {
    const chosen = wanted(values, lines);
    if (!chosen.length) return say(t("aftersale.choose_units"), "bad");
    const body = { order_id: order.order_id, kind: values.kind, reason: values.reason, description: values.description, lines: chosen, evidence: pictures.map((one) => one.evidence_id) };
    const made = await api.post("/v1/aftersales", body, { key });
    say(t("aftersale.sent"));
    await visit.router.go(`/shop/aftersales/${made.aftersale_id}`);
  }
}

function unitLine(line, most) {
  const counts = Array.from({ length: most + 1 }, (_, n) => [n, n]);
  return h("li", { class: "line" },
    picture(line.image_url),
    h("div", { class: "what" }, half(line.title), line.options && h("span", { class: "soft" }, line.options)),
    field(t("aftersale.units"), { name: `units/${line.sku_id}`, options: counts }));
}

function wanted(values, lines) {
  const chosen = lines.map((line) => ({ sku_id: line.sku_id, quantity: Number(values[`units/${line.sku_id}`]) }));
  return chosen.filter((line) => line.quantity > 0);
}

async function tellEstimate(order, asked, estimate, signal) {
  const values = Object.fromEntries(new FormData(asked));
  const lines = wanted(values, order.lines.map((line) => ({ sku_id: line.sku_id })).filter((line) => values[`units/${line.sku_id}`]));
  if (!lines.length || values.kind === "exchange") return fill(estimate);
  try {
    const shipping = !["no_longer_wanted", "other"].includes(values.reason);
    const proposal = await api.post(`/v1/orders/${order.order_id}/refund-proposal`, { lines, shipping }, { signal });
    fill(estimate, t("aftersale.brings", { amount: money(proposal.amount) }), proposal.points > 0 && ` ${t("aftersale.points", { n: proposal.points })}`);
  } catch {
    fill(estimate); // only a courtesy: the case itself says what it brings
  }
}

function uploads(pictures, visit) {
  const row = h("div", {});
  const trouble = h("p", { class: "soft", role: "alert" });
  const take = h("input", { type: "file", id: "evidence", accept: "image/jpeg,image/png,image/webp,image/gif", multiple: true, on: { change: add } });
  return h("div", { class: "field" }, h("label", { for: "evidence" }, t("evidence.add", { n: MOST_PICTURES })), take, trouble, row);

  async function add() {
    fill(trouble);
    take.disabled = true;
    for (const file of [...take.files].slice(0, MOST_PICTURES - pictures.length)) {
      try {
        pictures.push(await api.upload("/v1/aftersale-evidence", file));
      } catch (thrown) {
        const { title, detail } = explain(thrown);
        fill(trouble, `${file.name}: `, title, " ", detail);
      }
    }
    take.value = "";
    take.disabled = pictures.length >= MOST_PICTURES;
    fill(row, evidenceRow(api, pictures, visit.signal));
  }
}
