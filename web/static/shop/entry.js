// Getting in: log in, register, a forgotten password.

import { fill, h } from "../lib/dom.js";
import { loginForm } from "../lib/entry.js";
import { t } from "../lib/i18n.js";
import { Problem } from "../lib/http.js";
import { button, field, form, say } from "../lib/ui.js";
import { api, session } from "./context.js";

/** Where to go afterwards: an address of this shop, else home. */
function onward(query) {
  const then = query.get("then") ?? "/";
  return then.startsWith("/") && !then.startsWith("//") && !then.includes("\\") ? then : "/";
}

function frame(visit, title, ...content) {
  visit.show(title, h("section", { class: "panel narrow" }, h("h1", {}, title), content));
}

/** Name and password, and the one-time password of accounts that have one. */
export async function loginPage({ visit, query }) {
  frame(visit, t("entry.login"),
    loginForm(session, contactField(), () => visit.router.go(onward(query), { replace: true })),
    h("p", { class: "row" },
      h("a", { href: `/shop/register?then=${encodeURIComponent(onward(query))}` }, t("entry.register.new")),
      h("a", { href: "/shop/reset" }, t("entry.forgotten"))));
}

/** A new account, proved by a code. */
export async function registerPage({ visit, query }) {
  const contact = contactField();
  const register = async ({ contact: name, code, password, display_name }) => {
    await session.open({ contact: name, code, password, display_name }, { registering: true });
    say(t("entry.welcome"));
    await visit.router.go(onward(query), { replace: true });
  };
  frame(visit, t("entry.register"),
    form(register, {
      fields: [
        field(t("entry.name"), { name: "display_name", required: true, maxlength: 60, autocomplete: "nickname" }),
        contact, codeField(contact, "register"), newPassword("password"),
      ],
      submit: t("entry.register"),
    }),
    h("p", {}, h("a", { href: `/shop/login?then=${encodeURIComponent(onward(query))}` }, t("entry.have"))));
}

/** A new password for a forgotten one. */
export async function resetPage({ visit }) {
  const contact = contactField();
  const reset = async (values) => {
    await api.post("/v1/users/password-reset", values);
    say(t("entry.reset.done"));
    await visit.router.go("/shop/login", { replace: true });
  };
  frame(visit, t("entry.reset"), form(reset, { fields: [contact, codeField(contact, "reset_password"), newPassword("new_password")], submit: t("entry.reset") }));
}

function contactField() {
  return field(t("entry.contact"), { name: "contact", required: true, minlength: 3, maxlength: 254, autocomplete: "username", hint: t("entry.contact.hint") });
}

function newPassword(name) {
  return field(t("entry.password"), { name, type: "password", required: true, minlength: 8, maxlength: 256, autocomplete: "new-password", hint: t("entry.password.hint") });
}

function codeField(contact, purpose) {
  const sent = h("div", { "aria-live": "polite" });
  const ask = async () => {
    const to = contact.querySelector("input");
    if (!to.reportValidity()) return;
    await api.post("/v1/verification-codes", { contact: to.value, purpose });
    fill(sent, h("p", { class: "hint" }, t("entry.code.sent", { to: to.value })), await mailBox(to.value));
  };
  return h("div", {},
    h("div", { class: "with-button" },
      field(t("entry.code"), { name: "code", required: true, inputmode: "numeric", pattern: "[0-9]{6}", maxlength: 6, autocomplete: "one-time-code" }),
      button(t("entry.code.send"), ask)),
    sent);
}

/** What the sandbox "sent": there only on a developer's machine. */
async function mailBox(to) {
  try {
    const [newest] = await api.get("/v1/dev/outbox", { query: { to, limit: 1 } });
    return newest ? h("div", { class: "mailbox" }, h("b", {}, t("entry.mailbox")), h("p", {}, newest.subject), h("p", {}, newest.text)) : null;
  } catch (thrown) {
    if (Problem.of(thrown).status === 404) return null;
    throw thrown;
  }
}
