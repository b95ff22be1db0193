// Pictures of evidence: fetched with the access token, shown small, opened large.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/** A row of small pictures; a press shows one large. Addresses are given back when the reader leaves the page. */
export function evidenceRow(api, pictures, signal) {
  return h("div", { class: "evidence" }, pictures.map((picture) => {
    const shown = h("img", { alt: t("evidence.picture"), width: 96, height: 96 });
    load(api, picture.small_url, shown, signal);
    return h("button", { class: "plain", type: "button", "aria-label": t("evidence.large"), on: { click: () => large(api, picture, signal) } }, shown);
  }));
}

async function load(api, url, shown, signal) {
  try {
    const address = await api.picture(url, { signal });
    shown.src = address;
    signal.addEventListener("abort", () => URL.revokeObjectURL(address));
  } catch {
    shown.alt = t("evidence.gone"); // the rest of the page is of use without it
  }
}

function large(api, picture, signal) {
  const shown = h("img", { alt: t("evidence.picture"), width: picture.width, height: picture.height });
  const box = h("dialog", { class: "dialog wide", "aria-label": t("evidence.picture") },
    shown,
    h("p", { class: "row" }, h("button", { class: "button", type: "button", on: { click: () => box.close() } }, t("dialog.back"))));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  load(api, picture.url, shown, signal);
}
