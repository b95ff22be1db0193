// Coupons: what can be claimed, a field for codes, and the reader's wallet.

import { h } from "../lib/dom.js";
import { count, day } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { button, empty, endless, field, form, say } from "../lib/ui.js";
import { api, session } from "./context.js";
import { offerText, untilText } from "./offers.js";

const TABS = ["usable", "locked", "used", "expired"];

/** The page; visitors see what there is, and log in to claim it. */
export async function couponsPage({ visit, query }) {
  visit.wait("list");
  await session.token();
  const tab = TABS.includes(query.get("tab")) ? query.get("tab") : "usable";
  const get = (path, asked) => api.get(path, { query: asked, signal: visit.signal });
  const load = (cursor) => get("/v1/coupons", { only: tab, limit: 20, cursor });
  const offered = (cursor) => get("/v1/coupons/claimable", { limit: 20, cursor });
  const [claimable, wallet] = await Promise.all([offered(), session.isOpen ? load() : null]);
  const again = () => visit.router.show({ scroll: false });
  const offers = h("ul", { class: "tickets" });
  const more = endless(claimable, { into: offers, row: (one) => offer(one, again), load: offered });
  visit.show(t("coupons.title"),
    h("h1", {}, t("coupons.title")),
    h("section", { class: "panel" },
      h("h2", {}, t("coupons.claimable")),
      claimable.items.length ? [offers, more] : h("p", { class: "soft" }, t("coupons.nothing_offered")),
      session.isOpen && codeForm(again)),
    wallet ? walletView(tab, wallet, load) : h("section", { class: "panel" }, h("h2", {}, t("coupons.wallet")), h("p", {}, loginLink(t("coupons.login")))));
}

function loginLink(text) {
  return h("a", { href: `/shop/login?then=${encodeURIComponent("/shop/coupons")}` }, text);
}

function offer({ template_id: template, terms, left, claimed, is_claimable: isClaimable }, again) {
  const key = newKey(); // pressing twice is one coupon
  const claim = async () => {
    await api.post("/v1/coupons/claim", { template_id: template }, { key });
    say(t("coupons.claimed", { label: half(terms.label) }));
    await again();
  };
  const facts = [validText(terms), untilText(terms.claim_until), left !== null && t("coupons.left", { n: count(left) }), claimed > 0 && t("coupons.yours", { n: claimed })];
  return ticket(terms, facts, session.isOpen
    ? button(t(isClaimable ? "coupons.claim" : left === 0 ? "coupons.gone" : "coupons.claimed_all"), claim, { kind: "main small", disabled: !isClaimable, "aria-label": `${t("coupons.claim")}: ${half(terms.label)}` })
    : h("a", { class: "button small", href: `/shop/login?then=${encodeURIComponent("/shop/coupons")}` }, t("nav.login")));
}

function validText(terms) {
  return terms.valid_days ? t("coupons.valid_days", { n: terms.valid_days }) : t("coupons.valid_until", { at: day(terms.valid_until) });
}

function ticket(terms, facts, ...more) {
  return h("li", { class: "ticket" },
    h("div", { class: "what" },
      h("b", {}, half(terms.label)),
      h("span", {}, offerText(terms.offer)),
      h("span", { class: "soft" }, [terms.members_only && t("offer.members"), ...facts].filter(Boolean).join(" · "))),
    more);
}

function codeForm(again) {
  let work = { code: null, key: null };
  const claim = async ({ code }) => {
    if (work.code !== code) work = { code, key: newKey() }; // the same code again is the same claim
    const coupon = await api.post("/v1/coupons/claim", { code }, { key: work.key });
    say(t("coupons.claimed", { label: half(coupon.terms.label) }));
    await again();
  };
  return form(claim, {
    class: "code-form",
    fields: field(t("coupons.code"), { name: "code", required: true, maxlength: 100, autocomplete: "off", autocapitalize: "characters", spellcheck: "false", hint: t("coupons.code.hint") }),
    submit: t("coupons.redeem"),
  });
}

function walletView(tab, first, load) {
  const list = h("ul", { class: "tickets" });
  const more = endless(first, { into: list, row: kept, load });
  return h("section", { class: "panel", id: "wallet" },
    h("h2", {}, t("coupons.wallet")),
    h("nav", { class: "tabs", "aria-label": t("coupons.wallet") }, TABS.map((name) =>
      h("a", { href: `/shop/coupons?tab=${name}`, "aria-current": name === tab ? "page" : false }, t(`coupons.tab.${name}`)))),
    first.items.length ? [list, more] : empty("ticket", t("coupons.none")));
}

function kept(coupon) {
  const order = coupon.order_id && h("a", { href: `/shop/orders/${coupon.order_id}` }, t(coupon.state === "locked" ? "coupons.held_by" : "coupons.used_in"));
  const early = new Date(coupon.valid_from) > Date.now() && t("coupons.valid_from", { at: day(coupon.valid_from) });
  return ticket(coupon.terms, [early, t("coupons.valid_until", { at: day(coupon.valid_until) })], order);
}
