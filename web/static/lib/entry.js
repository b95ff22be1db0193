// Logging in, alike in the storefront and the console.

import { fill, h } from "./dom.js";
import { Problem } from "./http.js";
import { t } from "./i18n.js";
import { field, form } from "./ui.js";

/** Name (`contact`, a field) and password, and the one-time password of accounts that have one; `onward` runs once the session is open. */
export function loginForm(session, contact, onward) {
  const otp = h("div", {});
  const logIn = async ({ contact: name, password, otp: once }) => {
    try {
      await session.open({ contact: name, password, ...(once ? { otp: once } : {}) });
    } catch (thrown) {
      if (Problem.of(thrown).code === "second_factor_required" && !otp.firstChild)
        fill(otp, field(t("entry.otp"), { name: "otp", required: true, inputmode: "numeric", pattern: "[0-9]{6}", autocomplete: "one-time-code" }));
      throw thrown;
    }
    await onward();
  };
  const password = field(t("entry.password"), { name: "password", type: "password", required: true, autocomplete: "current-password" });
  return form(logIn, { fields: [contact, password, otp], submit: t("entry.login") });
}
