// One page after another without loading the frame again: addresses are real, back and forward work, focus follows.

import { t } from "./i18n.js";
import { fill } from "./dom.js";
import { problemView, skeleton } from "./ui.js";

/** Routes are pairs of a pattern (`/shop/orders/:id`) and a page: an async function of a Visit that shows something. */
export class Router {
  #routes;
  #outlet;
  #leaving = new AbortController();
  #title;

  constructor(outlet, title, routes) {
    this.#outlet = outlet;
    this.#title = title;
    this.#routes = routes.map(([pattern, page]) => [compiled(pattern), page]);
    addEventListener("popstate", () => this.show({ scroll: false }));
    document.addEventListener("click", (event) => this.#follow(event));
  }

  /** Go to an address of this application. */
  go(address, { replace = false } = {}) {
    history[replace ? "replaceState" : "pushState"]({}, "", address);
    return this.show();
  }

  /** Show what the present address names. */
  async show({ scroll = true } = {}) {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    const visit = new Visit(this, this.#outlet, this.#leaving.signal, this.#title);
    const [page, params] = this.#match(location.pathname);
    if (scroll) scrollTo(0, 0);
    this.#outlet.setAttribute("aria-busy", "true");
    try {
      await page({ visit, params, query: new URLSearchParams(location.search) });
    } catch (thrown) {
      if (visit.signal.aborted) return;
      visit.show(t("error.title"), problemView(thrown, { retry: () => this.show() }));
    } finally {
      if (!visit.signal.aborted) this.#outlet.removeAttribute("aria-busy");
    }
  }

  #match(path) {
    for (const [pattern, page] of this.#routes) {
      const found = pattern.exec(path);
      if (found) return [page, found.groups ?? {}];
    }
    return [notFound, {}];
  }

  #follow(event) {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
    if (this.#match(link.pathname)[0] === notFound) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

/** One visit of one page; `signal` aborts when the reader leaves it. */
class Visit {
  #outlet;
  #title;

  constructor(router, outlet, signal, title) {
    this.router = router;
    this.signal = signal;
    this.#outlet = outlet;
    this.#title = title;
  }

  /** Something to look at until the answer is there. */
  wait(shape) {
    fill(this.#outlet, skeleton(shape));
  }

  /** Show the page under this title; a control of the same name keeps the focus. Nothing happens when the reader has gone. */
  show(title, ...children) {
    if (this.signal.aborted) return;
    document.title = `${title} · ${this.#title()}`;
    const held = this.#outlet.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    fill(this.#outlet, ...children);
    if (held) this.#outlet.querySelector(`[aria-label="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    const heading = this.#outlet.querySelector("h1");
    if (heading && document.activeElement === document.body) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
  }

  /** Do something every so many seconds while the reader is here and looking. */
  every(seconds, act) {
    const timer = setInterval(() => document.hidden || act(), seconds * 1000);
    this.signal.addEventListener("abort", () => clearInterval(timer));
  }
}

function compiled(pattern) {
  return new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);
}

async function notFound({ visit }) {
  visit.show(t("missing.title"), problemView({ code: "page_missing", status: 404, detail: "" }));
}
