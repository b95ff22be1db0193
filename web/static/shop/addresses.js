// An entry of the address book as a form.

import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { field, form } from "../lib/ui.js";
import { api } from "./context.js";

/** Add an entry, or edit `entry`; `saved(entry)` is called with what the server keeps. */
export function addressForm(entry, saved) {
  const of = (name) => ({ name, value: entry?.[name] ?? "" });
  const fields = h("div", { class: "form-grid" },
    field(t("address.recipient"), { ...of("recipient"), required: true, maxlength: 60, autocomplete: "name" }),
    field(t("address.phone"), { ...of("phone"), required: true, maxlength: 25, type: "tel", autocomplete: "tel", pattern: "\\+?[0-9][0-9 \\-]{4,23}" }),
    field(t("address.line"), { ...of("line"), required: true, maxlength: 200, autocomplete: "street-address" }),
    field(t("address.city"), { ...of("city"), required: true, maxlength: 60, autocomplete: "address-level2" }),
    field(t("address.region"), { ...of("region"), required: true, maxlength: 60, autocomplete: "address-level1" }),
    field(t("address.postal_code"), { ...of("postal_code"), maxlength: 12, autocomplete: "postal-code", pattern: "[A-Za-z0-9 \\-]*" }),
    field(t("address.country"), { name: "country", value: entry?.country ?? "CN", required: true, minlength: 2, maxlength: 2, pattern: "[A-Z]{2}", autocomplete: "country", hint: t("address.country.hint") }),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "is_default", checked: entry?.is_default ?? false }), t("address.default")));
  return form(async (values) => {
    const body = { ...values, is_default: "is_default" in values };
    await saved(entry ? await api.put(`/v1/addresses/${entry.id}`, body) : await api.post("/v1/addresses", body));
  }, { fields, submit: t("address.save") });
}
