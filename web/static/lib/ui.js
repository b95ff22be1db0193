// Pieces that storefront and console share: messages, dialogs, empty and waiting states, forms.

import { fill, h, icon, nodes } from "./dom.js";
import { has, t, word } from "./i18n.js";
import { Problem } from "./http.js";

const notices = h("div", { class: "notices", role: "status", "aria-live": "polite" });

/** Say something in passing. `kind` is `good` or `bad`. */
export function say(text, kind = "good") {
  if (!notices.isConnected) document.body.append(notices);
  const note = h("p", { class: `notice ${kind}` }, icon(kind === "bad" ? "alert" : "check"), text);
  notices.append(note);
  setTimeout(() => note.remove(), 6000);
}

/** What went wrong in the reader's words: the refusal's own sentence where we have one, else the api's. */
export function explain(thrown) {
  const problem = Problem.of(thrown);
  const known = has(`problem.${problem.code}`);
  return { problem, title: known ? t(`problem.${problem.code}`) : problem.title || t("error.title"), detail: known ? "" : problem.message };
}

/** A problem with what to do next. */
export function problemView(thrown, { retry, actions = [] } = {}) {
  const { problem, title, detail } = explain(thrown);
  const next = has(`problem.${problem.code}.next`) ? t(`problem.${problem.code}.next`) : "";
  return h(
    "section",
    { class: "problem", role: "alert" },
    icon("alert"),
    h("div", {},
      h("h2", {}, title),
      detail && h("p", {}, detail),
      next && h("p", {}, next),
      problem.status >= 500 && problem.traceId && h("p", { class: "soft" }, t("error.trace", { id: problem.traceId })),
      h("p", { class: "row" },
        actions,
        retry && h("button", { class: "button", type: "button", on: { click: retry } }, t("error.retry")),
      ),
    ),
  );
}

/** Nothing is here yet, and what to do about it. */
export function empty(symbol, text, ...actions) {
  return h("div", { class: "empty" }, icon(symbol), h("p", {}, text), actions.length ? h("p", { class: "row" }, actions) : null);
}

/** Grey shapes until the answer is there: `grid`, `product`, `list` or `page`. */
export function skeleton(shape = "page") {
  const bars = { grid: 8, product: 4, list: 6, page: 5 }[shape];
  return h("div", { class: `skeleton ${shape}`, "aria-label": t("waiting") }, Array.from({ length: bars }, () => h("div", { class: "bone" })));
}

/** A state as a coloured word. */
export function badge(kind, code) {
  return h("span", { class: `badge ${code}` }, word(kind, code));
}

/** A labelled field. `control` attributes: see `h`; `options` makes it a choice of [value, text] pairs. */
export function field(label, { hint, options, tag, ...attributes }) {
  const id = `f${++fields}`;
  const kind = tag ?? (options ? "select" : "input");
  const control = h(kind, { id, ...attributes }, (options ?? []).map(([value, text]) => h("option", { value }, text)));
  if (options && attributes.value !== undefined) control.value = attributes.value;
  if (hint) control.setAttribute("aria-describedby", `${id}h`);
  return h("div", { class: "field" }, h("label", { for: id }, label), control, hint && h("p", { class: "hint", id: `${id}h` }, hint));
}
let fields = 0;

/** A form whose `act(values)` may take a while and may throw a problem, which is then shown above its buttons. */
export function form(act, { fields: content, submit, kind = "main", danger = false, more = [], ...attributes }) {
  const trouble = h("div", { class: "trouble" });
  const button = h("button", { class: `button ${danger ? "danger" : kind}`, type: "submit" }, submit);
  const node = h("form", { ...attributes, on: { submit: send } }, content, trouble, h("p", { class: "row" }, button, more));
  async function send(event) {
    event.preventDefault();
    fill(trouble);
    button.disabled = true;
    try {
      await act(Object.fromEntries(new FormData(node)), node);
    } catch (thrown) {
      fill(trouble, problemView(thrown));
    } finally {
      button.disabled = false;
    }
  }
  return node;
}

/** A button whose act may take a while; a problem is said aloud unless the act handles it. */
export function button(label, act, { kind = "", symbol, ...attributes } = {}) {
  const node = h("button", { class: `button ${kind}`, type: "button", ...attributes, on: { click: press } }, symbol && icon(symbol), label);
  async function press() {
    node.disabled = true;
    try {
      await act();
    } catch (thrown) {
      const { title, detail } = explain(thrown);
      say([title, detail].filter(Boolean).join(" "), "bad");
    } finally {
      node.disabled = false;
    }
  }
  return node;
}

/** Ask something in a dialog: a form; resolves true when its act went through, false when it was dismissed. */
export function dialog(title, { content, submit, act, danger }) {
  return new Promise((resolve) => {
    const box = h("dialog", { class: "dialog", "aria-label": title });
    const leave = h("button", { class: "button", type: "button", on: { click: () => box.close() } }, t("dialog.back"));
    let done = false;
    const asked = form(
      async (values, node) => {
        await act(values, node);
        done = true;
        box.close();
      },
      { fields: nodes([content]), submit, danger, more: [leave] },
    );
    box.append(h("h2", {}, title), asked);
    box.addEventListener("close", () => {
      box.remove();
      resolve(done);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** A list that goes on: `load(cursor)` answers `{items, next}`, `row(item)` draws one. */
export function endless(first, { into, row, load }) {
  const more = h("p", { class: "row more" });
  const add = (page) => {
    into.append(...page.items.map(row));
    fill(more, page.next && button(t("more"), async () => add(await load(page.next))));
  };
  add(first);
  return more;
}
