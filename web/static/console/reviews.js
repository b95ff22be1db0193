// Reviews that wait for an operator: what was said, what the list of words found in it, what readers hold against it.

import { fill, h } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { half, t, word } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { badge, button, dialog, empty, endless, field, say } from "../lib/ui.js";
import { api } from "./context.js";
import { id } from "./pieces.js";

const WHY = ["", "words", "reports", "appeal"];

/** The queue, narrowed by why they wait. */
export async function reviewsPage({ visit, query }) {
  visit.wait("list");
  const why = query.get("for") ?? "";
  const load = (cursor) => api.get("/v1/operators/reviews", { query: { held_for: why, limit: 20, cursor }, signal: visit.signal });
  const first = await load();
  const list = h("div", { class: "desks" });
  const again = () => visit.router.show({ scroll: false });
  const more = endless(first, { into: list, row: (review) => desk(review, again), load });
  visit.show(t("console.reviews"),
    h("header", { class: "order-head" }, h("h1", {}, t("console.reviews")), h("a", { class: "button", href: "/console/words" }, t("console.words"))),
    h("nav", { class: "tabs", "aria-label": t("console.reviews") }, WHY.map((one) =>
      h("a", { href: `/console/reviews${one && `?for=${one}`}`, "aria-current": one === why ? "page" : false }, one ? word("held_for", one) : t("console.any")))),
    first.items.length ? [list, more] : empty("check", t("work.nothing")));
}

function desk(review, again) {
  const room = h("section", { class: "panel review-desk" });
  const waiting = [review.main, review.follow_up].filter((part) => part?.state === "held");
  const reports = h("div", {});
  if (review.reports) showReports(review, reports);
  return fill(room,
    h("h2", {}, half(review.title), h("span", { class: "soft" }, review.options), h("span", {}, "★".repeat(review.stars))),
    h("p", { class: "soft" }, id(review.review_id), " · ", id(review.order_id, `/console/orders/${review.order_id}`), " · ", moment(review.posted_at)),
    waiting.map((part) => h("article", { class: "held-part" },
      h("p", { class: "row" }, badge("held_for", part.held_for), part.part === "follow_up" && h("b", {}, t("reviews.follow_up"))),
      part.text !== "" && h("p", { class: "said" }, marked(part)),
      part.pictures.length > 0 && h("ul", { class: "review-pictures" }, part.pictures.map((name) => h("li", {}, h("a", { href: `/media/${name}`, target: "_blank" }, h("img", { src: `/media/${name}`, alt: t("reviews.picture"), width: 96, height: 96 }))))),
      part.findings.length > 0 && h("p", { class: "soft" }, t("desk.found"), " ", part.findings.map((one) => `${one.word} (${word("verdict", one.verdict)}, ${word("how", one.how)})`).join("; ")),
      part.appeal && h("p", { class: "reply" }, h("b", {}, t("desk.appeal"), " "), part.appeal),
      h("p", { class: "row" },
        button(t("desk.publish"), () => decide(review, part, true, again), { kind: "main" }),
        button(t("desk.reject"), () => decide(review, part, false, again)),
        button(t("desk.reply"), () => reply(review, again))))),
    reports);
}

async function showReports(review, room) {
  const { reports } = await api.get(`/v1/operators/reviews/${review.review_id}`);
  fill(room, h("h3", {}, t("desk.reports")), h("ul", { class: "plain-list" }, reports.filter((one) => one.open).map((one) =>
    h("li", {}, h("span", {}, h("b", {}, t(`report_reason.${one.reason}`)), " ", one.note), h("span", { class: "soft" }, moment(one.at))))));
}

/** The text as it was written, with the letters that were found marked. */
function marked({ text, findings }) {
  const pieces = [];
  const letters = [...text].length === text.length ? text : null; // places are counted in characters, not in UTF-16 units
  const characters = letters ?? [...text];
  let end = 0;
  for (const one of findings) {
    if (one.start < end) continue;
    pieces.push(joined(characters, end, one.start), h("mark", {}, joined(characters, one.start, one.end)));
    end = one.end;
  }
  return [...pieces, joined(characters, end, characters.length)];
}

function joined(characters, from, to) {
  const part = characters.slice(from, to);
  return typeof part === "string" ? part : part.join("");
}

async function decide(review, part, publish, again) {
  const key = newKey();
  const name = t(publish ? "desk.publish" : "desk.reject");
  const went = await dialog(name, {
    content: [h("p", { class: "soft" }, t("desk.told")), field(t("desk.why"), { name: "why", required: true, maxlength: 500 })],
    submit: name,
    danger: !publish,
    act: ({ why }) => api.send("POST", `/v1/operators/reviews/${review.review_id}/decisions`, { body: { part: part.part, publish, why }, key, version: review.version }),
  });
  if (went) {
    say(t("console.done"));
    await again();
  }
}

async function reply(review, again) {
  const went = await dialog(t("desk.reply"), {
    content: field(t("desk.reply.text"), { name: "text", tag: "textarea", rows: 4, required: true, maxlength: 1000, value: review.reply?.text ?? "" }),
    submit: t("desk.reply"),
    act: ({ text }) => api.put(`/v1/operators/reviews/${review.review_id}/reply`, { text }, { version: review.version }),
  });
  if (went) {
    say(t("console.done"));
    await again();
  }
}
