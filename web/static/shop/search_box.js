// The search box: a combobox that suggests while one types (WAI-ARIA combobox with a listbox popup).

import { fill, h, icon } from "../lib/dom.js";
import { half, t, word } from "../lib/i18n.js";
import { api } from "./context.js";

const PAUSE = 120; // milliseconds without a keystroke before we ask
const SHOWN = 8;

/** Where a suggestion leads. */
function placeOf({ kind, id, text }) {
  if (kind === "product" && id) return `/shop/products/${id}`;
  if (kind === "category" && id) return `/?category=${id}`;
  if (kind === "brand" && id) return `/shop/search?brand=${id}`;
  return searchAddress(text);
}

/** The page of results for these words. */
export function searchAddress(words) {
  return words ? `/shop/search?q=${encodeURIComponent(words)}` : "/";
}

/** The form. `go` follows an address. */
export function searchBox(go) {
  let shown = [];
  let chosen = -1;
  let timer;
  let asking = new AbortController();
  const list = h("ul", { id: "suggestions", class: "suggestions", role: "listbox", "aria-label": t("suggest.label"), hidden: true });
  const input = h("input", {
    id: "q", name: "q", type: "search", placeholder: t("search.label"), value: new URLSearchParams(location.search).get("q") ?? "", maxlength: 200,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "search",
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions",
    on: { input: soon, keydown: onKey, focus: () => input.value.trim() && soon(), blur: () => setTimeout(close, 150) },
  });

  function soon(event) {
    if (event?.isComposing) return; // a Chinese input method is not done with its letters
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    const typed = input.value.trim();
    if (!typed) return close();
    try {
      const { items } = await api.get("/v1/search/suggest", { query: { q: typed, limit: SHOWN }, signal: asking.signal });
      if (document.activeElement === input && input.value.trim() === typed) draw(items);
    } catch {
      close(); // one can search without being helped
    }
  }

  function draw(items) {
    shown = items;
    chosen = -1;
    fill(list, items.map(option));
    open(items.length > 0);
  }

  function option(suggestion, place) {
    const pick = (event) => {
      event.preventDefault();
      follow(suggestion);
    };
    return h("li", { id: `suggestion-${place}`, role: "option", "aria-selected": "false", on: { pointerdown: pick } },
      icon({ product: "box", category: "list", brand: "tag" }[suggestion.kind] ?? "search"),
      h("span", { class: "what" }, marked(half(suggestion.text), input.value.trim())),
      suggestion.kind !== "query" && h("span", { class: "soft" }, word("suggested", suggestion.kind)));
  }

  function onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && shown.length) {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen - 1);
    } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
      event.preventDefault();
      follow(shown[chosen]);
    }
  }

  function choose(place) {
    open(true);
    chosen = place < 0 ? (place === -1 ? -1 : shown.length - 1) : place % shown.length;
    [...list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function open(wanted) {
    list.hidden = !wanted;
    input.setAttribute("aria-expanded", String(wanted));
  }

  function close() {
    clearTimeout(timer);
    asking.abort();
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    open(false);
  }

  function follow(suggestion) {
    close();
    if (suggestion.kind === "query") input.value = suggestion.text;
    input.blur();
    go(placeOf(suggestion));
  }

  function submit(event) {
    event.preventDefault();
    close();
    input.blur();
    go(searchAddress(input.value.trim()));
  }

  return h("form", { class: "search", role: "search", on: { submit } },
    h("label", { for: "q", class: "unseen" }, t("search.label")), input,
    h("button", { type: "submit", "aria-label": t("search.go") }, icon("search")), list);
}

/** The text with what was typed in it made strong. */
function marked(text, typed) {
  const at = text.toLowerCase().indexOf(typed.toLowerCase());
  if (at < 0) return text;
  return [text.slice(0, at), h("b", {}, text.slice(at, at + typed.length)), text.slice(at + typed.length)];
}
