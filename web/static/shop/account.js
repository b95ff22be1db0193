// The reader's account: name, points, address book, and where they are logged in.

import { fill, h } from "../lib/dom.js";
import { count, day, moment } from "../lib/format.js";
import { t, word } from "../lib/i18n.js";
import { button, dialog, endless, field, form, say } from "../lib/ui.js";
import { addressForm } from "./addresses.js";
import { api, loggedIn, session } from "./context.js";
import { addressText } from "./pieces.js";

const EXPIRIES = 3;

/** Profile, points, addresses, sessions. */
export async function accountPage({ visit }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const get = (path) => api.get(path, { signal: visit.signal });
  const entries = (cursor) => api.get("/v1/points/entries", { query: { limit: 10, cursor }, signal: visit.signal });
  const [account, addresses, sessions, points, ledger] = await Promise.all([get("/v1/users/me"), get("/v1/addresses"), get("/v1/sessions"), get("/v1/points"), entries()]);
  const book = h("section", { class: "panel" });
  drawBook(book, addresses);
  visit.show(t("account.title"),
    h("h1", {}, t("account.title")),
    h("div", { class: "two" },
      h("div", {}, profile(account), pointsView(points, ledger, entries), book),
      h("aside", {}, devices(sessions, visit))));
}

function profile(account) {
  const rename = async (values) => {
    await api.send("PATCH", "/v1/users/me", { body: values });
    say(t("account.saved"));
  };
  return h("section", { class: "panel" },
    h("h2", {}, t("account.profile")),
    h("p", { class: "soft" }, [account.email, account.phone].filter(Boolean).join(" · ")),
    form(rename, { fields: field(t("entry.name"), { name: "display_name", value: account.display_name, required: true, maxlength: 60 }), submit: t("account.save") }));
}

/** How many there are, when the next ones expire, and every change. */
function pointsView({ balance, lots }, first, load) {
  const list = h("ul", { class: "ledger" });
  const more = endless(first, { into: list, row: pointsRow, load });
  return h("section", { class: "panel", id: "points" },
    h("h2", {}, t("points.title")),
    h("p", { class: "balance" }, count(balance)),
    h("p", { class: "soft" }, t("points.about")),
    lots.length > 0 && h("ul", { class: "soft" }, lots.slice(0, EXPIRIES).map((lot) => h("li", {}, t("points.expire", { n: count(lot.left), at: day(lot.expires_at) })))),
    first.items.length > 0 && [list, more]);
}

function pointsRow(entry) {
  const sign = entry.delta > 0 ? "+" : "−";
  return h("li", {},
    h("span", { class: "what" },
      h("b", {}, word("points_kind", entry.kind)),
      entry.kind === "adjusted" && entry.why && h("span", {}, entry.why),
      entry.order_id && h("a", { href: `/shop/orders/${entry.order_id}` }, t("order.title")),
      h("span", { class: "soft" }, moment(entry.at))),
    h("b", { class: entry.delta > 0 ? "gain" : "" }, sign + count(Math.abs(entry.delta))),
    h("span", { class: "soft" }, count(entry.balance)));
}

function drawBook(book, addresses) {
  const again = async () => drawBook(book, await api.get("/v1/addresses"));
  const edit = (entry) => {
    const room = h("div", {});
    fill(room, addressForm(entry, again));
    fill(book, h("h2", {}, t(entry ? "address.edit" : "address.add")), room, button(t("dialog.back"), again));
  };
  const remove = async (entry) => {
    const went = await dialog(t("address.remove"), { content: addressText(entry), submit: t("address.remove"), danger: true, act: () => api.delete(`/v1/addresses/${entry.id}`) });
    if (went) await again();
  };
  fill(book,
    h("h2", {}, t("account.addresses")),
    h("ul", { class: "book" }, addresses.map((entry) => h("li", {}, addressText(entry), entry.is_default && h("span", { class: "badge" }, t("address.is_default")),
      h("p", { class: "row" }, button(t("address.edit"), async () => edit(entry), { kind: "small" }), button(t("address.remove"), () => remove(entry), { kind: "small" }))))),
    button(t("address.add"), async () => edit(null), { kind: addresses.length ? "" : "main" }));
}

function devices(sessions, visit) {
  const leave = async () => {
    await session.close();
    await visit.router.go("/");
  };
  const everywhere = async () => {
    await api.delete("/v1/sessions");
    await leave();
  };
  const revoke = async (one) => {
    await api.delete(`/v1/sessions/${one.id}`);
    await visit.router.show({ scroll: false });
  };
  return h("section", { class: "panel" },
    h("h2", {}, t("account.devices")),
    h("p", { class: "row" }, button(t("account.logout"), leave, { kind: "main", symbol: "out" }), button(t("account.logout.everywhere"), everywhere)),
    h("ul", { class: "book" }, sessions.map((one) => h("li", {},
      h("span", { title: one.agent }, deviceName(one.agent)), h("span", { class: "soft" }, one.address, " · ", moment(one.last_used_at)),
      one.current ? h("span", { class: "badge" }, t("account.this")) : button(t("account.revoke"), () => revoke(one), { kind: "small" })))));
}

/** What of a user agent tells a person which device it is; all of it where we cannot tell. */
function deviceName(agent) {
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`));
  const system = ["iPhone", "iPad", "Android", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name));
  return browser && system ? `${browser.replace("Edg", "Edge")} · ${system}` : agent || "?";
}
