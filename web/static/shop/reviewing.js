// Writing a review from the order it is about, and what becomes of it.

import { fill, h } from "../lib/dom.js";
import { half, t } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { badge, button, dialog, field, say } from "../lib/ui.js";
import { api } from "./context.js";
import { reviewPictures, starsOf } from "./reviews.js";

const MOST_PICTURES = 9;

/** The panel of an order: each line with its review, or the button that writes one. None while nothing can be said. */
export function reviewingPanel(lines, orderId, look) {
  if (!lines.some((line) => line.reviewable || line.review)) return null;
  return h("section", { class: "panel", id: "reviewing" },
    h("h2", {}, t("reviewing.title")),
    h("ul", { class: "own-reviews" }, lines.map((line) => h("li", {},
      h("p", {}, h("b", {}, half(line.title)), " ", h("span", { class: "soft" }, line.options)),
      line.review ? ownReview(line.review, look) : line.reviewable ? button(t("reviewing.write"), () => write(line, orderId, look), { kind: "main" }) : h("p", { class: "soft" }, t("reviewing.not_yet"))))));
}

function ownReview(review, look) {
  return [
    h("p", { class: "row" }, starsOf(review.stars), badge("review", review.main.state)),
    part(review.main),
    review.follow_up && h("div", { class: "follow-up" }, h("p", { class: "row" }, h("b", {}, t("reviews.follow_up")), badge("review", review.follow_up.state)), part(review.follow_up)),
    review.reply && h("p", { class: "reply" }, h("b", {}, t("reviews.reply"), " "), review.reply.text),
    h("p", { class: "row" }, ownActions(review, look)),
  ];
}

function part({ text, shown, pictures, state, decided_why: why, appeal }) {
  if (state === "removed") return null;
  return [
    text !== "" && h("p", { class: "said" }, shown || text),
    reviewPictures(pictures),
    state === "held" && h("p", { class: "soft" }, t(appeal ? "reviewing.appealed" : "reviewing.held")),
    state === "rejected" && h("p", { class: "soft" }, t("reviewing.rejected"), why && ` “${why}”`),
  ];
}

function ownActions(review, look) {
  const { state } = review.main;
  if (state === "removed") return [];
  const rejected = [review.main, review.follow_up].find((one) => one?.state === "rejected" && !one.appeal);
  return [
    button(t("reviewing.change"), () => change(review, look), { kind: "small" }),
    state === "published" && !review.follow_up && button(t("reviewing.follow_up"), () => followUp(review, look), { kind: "small" }),
    rejected && button(t("reviewing.appeal"), () => appeal(review, rejected.part, look), { kind: "small" }),
    button(t("reviewing.remove"), () => remove(review, look), { kind: "small" }),
  ];
}

/** Five stars to choose from; arrow keys move between them. */
function starsField(chosen = 5) {
  return h("fieldset", { class: "star-field" }, h("legend", {}, t("reviewing.stars")),
    h("div", {}, [5, 4, 3, 2, 1].map((n) => [
      h("input", { type: "radio", name: "stars", value: n, id: `s${n}`, checked: n === chosen, required: true }),
      h("label", { for: `s${n}`, title: t(`reviewing.stars.${n}`) }, h("span", { class: "unseen" }, t(`reviewing.stars.${n}`)), h("span", { "aria-hidden": "true" }, "★")),
    ])));
}

function picturesField(kept = []) {
  const names = [...kept];
  const shown = h("ul", { class: "review-pictures" });
  const show = () => fill(shown, names.map((name) => h("li", {},
    h("img", { src: `/media/${name}`, alt: t("reviews.picture"), width: 72, height: 72 }),
    button(t("reviewing.pictures.drop"), () => { names.splice(names.indexOf(name), 1); show(); }, { kind: "plain small" }))));
  const take = async (event) => {
    const files = [...event.target.files].slice(0, MOST_PICTURES - names.length);
    event.target.value = "";
    for (const file of files) {
      const { name } = await api.upload("/v1/reviews/pictures", file).catch((thrown) => { say(thrown.message, "bad"); return {}; });
      if (name && !names.includes(name)) names.push(name);
    }
    show();
  };
  show();
  return { names, node: [field(t("reviewing.pictures"), { type: "file", accept: "image/*", multiple: true, hint: t("reviewing.pictures.hint"), on: { change: take } }), shown] };
}

/** Stars can stand without words; a follow-up cannot. */
function textField(text = "", required = false) {
  return field(t("reviewing.text"), { name: "text", tag: "textarea", rows: 5, maxlength: 1000, required, value: text, hint: !required && t("reviewing.text.hint") });
}

async function write(line, orderId, look) {
  const key = newKey();
  const pictures = picturesField();
  let written;
  const went = await dialog(t("reviewing.write"), {
    content: [starsField(), textField(), pictures.node, h("label", { class: "check" }, h("input", { type: "checkbox", name: "anonymous" }), t("reviewing.anonymous"))],
    submit: t("reviewing.send"),
    act: async ({ stars, text, anonymous }) => {
      const body = { stars: Number(stars), text, pictures: pictures.names, anonymous: Boolean(anonymous) };
      written = await api.post(`/v1/orders/${orderId}/lines/${line.line_no}/review`, body, { key });
    },
  });
  if (went) await tell(written, look);
}

async function change(review, look) {
  const pictures = picturesField(review.main.picture_names);
  let written;
  const went = await dialog(t("reviewing.change"), {
    content: [starsField(review.stars), textField(review.main.text), pictures.node],
    submit: t("reviewing.send"),
    act: async ({ stars, text }) => {
      const body = { stars: Number(stars), text, pictures: pictures.names };
      written = await api.put(`/v1/reviews/${review.review_id}`, body, { version: review.version });
    },
  });
  if (went) await tell(written, look);
}

async function followUp(review, look) {
  const key = newKey();
  const pictures = picturesField();
  let written;
  const went = await dialog(t("reviewing.follow_up"), {
    content: [textField("", true), pictures.node],
    submit: t("reviewing.send"),
    act: async ({ text }) => {
      written = await api.post(`/v1/reviews/${review.review_id}/follow-up`, { text, pictures: pictures.names }, { key });
    },
  });
  if (went) await tell(written, look);
}

async function appeal(review, which, look) {
  const key = newKey();
  const went = await dialog(t("reviewing.appeal"), {
    content: [h("p", { class: "soft" }, t("reviewing.appeal.more")), field(t("reviewing.appeal.why"), { name: "why", tag: "textarea", rows: 3, maxlength: 500, required: true })],
    submit: t("reviewing.appeal"),
    act: ({ why }) => api.post(`/v1/reviews/${review.review_id}/appeal`, { part: which, why }, { key }),
  });
  if (went) await look();
}

async function remove(review, look) {
  const went = await dialog(t("reviewing.remove"), {
    content: h("p", {}, t("reviewing.remove.more")),
    submit: t("reviewing.remove"),
    danger: true,
    act: () => api.delete(`/v1/reviews/${review.review_id}`),
  });
  if (went) await look();
}

async function tell(review, look) {
  const states = [review.main.state, review.follow_up?.state];
  say(t(states.includes("held") ? "reviewing.held" : states.includes("rejected") ? "reviewing.rejected" : "reviewing.thanks"));
  await look();
}
