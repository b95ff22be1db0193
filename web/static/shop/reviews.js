// What buyers say about a product: how it is rated, which reviews to show, and what a reader says to them.

import { fill, h, icon } from "../lib/dom.js";
import { day } from "../lib/format.js";
import { newKey } from "../lib/http.js";
import { t } from "../lib/i18n.js";
import { button, dialog, empty, endless, field, problemView, say } from "../lib/ui.js";
import { api, session } from "./context.js";

const REASONS = ["advertising", "abuse", "false", "privacy", "other"];
const ALL = { sort: "newest", stars: "", with_pictures: "" };

/** The section under a product; it fills itself. */
export function reviewsOf(spuId, visit) {
  const room = h("section", { class: "panel reviews", id: "reviews", "aria-label": t("reviews.title") });
  draw(room, spuId, visit, ALL).catch((thrown) => visit.signal.aborted || fill(room, problemView(thrown)));
  return room;
}

/** So many stars of five, as a picture with a name. */
export function starsOf(many) {
  const full = Math.round(many);
  return h("span", { class: "stars", role: "img", "aria-label": t("reviews.stars_of", { n: many }) }, "★".repeat(full), h("span", { class: "none" }, "★".repeat(5 - full)));
}

/** The pictures of a review; each opens by itself. */
export function reviewPictures(pictures) {
  if (!pictures.length) return null;
  return h("ul", { class: "review-pictures" }, pictures.map((url) =>
    h("li", {}, h("a", { href: url, target: "_blank", rel: "noreferrer" }, h("img", { src: url, alt: t("reviews.picture"), width: 96, height: 96, loading: "lazy" })))));
}

async function draw(room, spuId, visit, asked) {
  const path = `/v1/products/${spuId}/reviews`;
  const load = (cursor) => api.get(path, { query: { ...asked, limit: 10, cursor }, signal: visit.signal });
  const [summary, first] = await Promise.all([api.get(`${path}/summary`, { signal: visit.signal }), load()]);
  const again = (changed) => draw(room, spuId, visit, { ...asked, ...changed });
  const list = h("ul", { class: "review-list" });
  const more = endless(first, { into: list, row: (review) => row(review, path), load });
  fill(room,
    h("h2", {}, t("reviews.title")),
    summary.count > 0 && rating(summary, asked, again),
    summary.count > 0 && filters(summary, asked, again),
    first.items.length ? [list, more] : empty("list", t(summary.count ? "reviews.none_so" : "reviews.none")));
}

function rating(summary, asked, again) {
  const most = Math.max(...summary.by_stars, 1);
  return h("div", { class: "rating" },
    h("p", { class: "average" }, h("b", {}, summary.average.toFixed(1)), starsOf(summary.average), h("span", { class: "soft" }, t("reviews.count", { n: summary.count }))),
    h("ul", { class: "bars" }, [5, 4, 3, 2, 1].map((stars) => {
      const many = summary.by_stars[stars - 1];
      const chosen = asked.stars === String(stars);
      return h("li", {}, h("button", { type: "button", class: "bar-row", "aria-pressed": String(chosen), on: { click: () => again({ stars: chosen ? "" : String(stars) }) } },
        h("span", {}, `${stars} ★`), h("progress", { value: many, max: most, "aria-hidden": "true" }), h("span", { class: "soft" }, many)));
    })));
}

function filters(summary, asked, again) {
  const choice = (key, changed, on) => h("button", { type: "button", class: "chip", "aria-pressed": String(on), on: { click: () => again(changed) } }, key);
  return h("p", { class: "row chips" },
    choice(t("reviews.newest"), { sort: "newest" }, asked.sort === "newest"),
    choice(t("reviews.useful_first"), { sort: "useful" }, asked.sort === "useful"),
    choice(t("reviews.with_pictures", { n: summary.with_pictures }), { with_pictures: asked.with_pictures ? "" : "true" }, asked.with_pictures !== ""),
    asked.stars && choice(t("reviews.every_star"), { stars: "" }, false));
}

function row(review, path) {
  return h("li", { class: "review" },
    h("p", { class: "row" }, h("b", {}, review.author), starsOf(review.stars), h("span", { class: "soft" }, [review.options, day(review.main.at), review.edited && t("reviews.edited")].filter(Boolean).join(" · "))),
    review.main.text !== "" && h("p", { class: "said" }, review.main.text),
    reviewPictures(review.main.pictures),
    review.follow_up && h("div", { class: "follow-up" }, h("p", { class: "soft" }, `${t("reviews.follow_up")} · ${day(review.follow_up.at)}`), h("p", { class: "said" }, review.follow_up.text), reviewPictures(review.follow_up.pictures)),
    review.reply && h("p", { class: "reply" }, h("b", {}, t("reviews.reply"), " "), review.reply.text),
    review.own ? h("p", { class: "soft" }, t("reviews.yours")) : h("p", { class: "row" }, useful(review, path), button(t("reviews.report"), () => report(review, path), { kind: "plain small" })));
}

function useful(review, path) {
  const room = h("span", {});
  const show = ({ useful: many, found_useful: found }) => {
    const node = button(t("reviews.useful", { n: many }), async () => {
      if (!session.isOpen) return say(t("reviews.log_in"), "bad");
      show(await (found ? api.delete(`${path}/${review.review_id}/useful`) : api.put(`${path}/${review.review_id}/useful`)));
      return null;
    }, { kind: "small", symbol: found ? "check" : "plus", "aria-pressed": String(found) });
    fill(room, node);
  };
  show(review);
  return room;
}

async function report(review, path) {
  if (!session.isOpen) {
    say(t("reviews.log_in"), "bad");
    return;
  }
  const key = newKey();
  const went = await dialog(t("reviews.report"), {
    content: [
      field(t("reviews.report.reason"), { name: "reason", options: REASONS.map((reason) => [reason, t(`report_reason.${reason}`)]) }),
      field(t("reviews.report.note"), { name: "note", tag: "textarea", rows: 3, maxlength: 500 }),
    ],
    submit: t("reviews.report"),
    act: (values) => api.post(`${path}/${review.review_id}/reports`, values, { key }),
  });
  if (went) say(t("reviews.reported"));
}

/** A line that says how a product is rated, beside its name; it leads to the reviews. */
export function ratingLine(spuId, visit) {
  const room = h("p", { class: "rating-line" });
  api.get(`/v1/products/${spuId}/reviews/summary`, { signal: visit.signal }).then((summary) => {
    if (summary.count) fill(room, h("a", { href: "#reviews", on: { click: jump } }, starsOf(summary.average), " ", summary.average.toFixed(1), " ", h("span", { class: "soft" }, t("reviews.count", { n: summary.count }))));
  }, () => null); // the page sells without it
  return room;
}

function jump(event) {
  event.preventDefault();
  document.getElementById("reviews")?.scrollIntoView({ behavior: "smooth" });
}
