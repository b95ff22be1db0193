// Words in English and Chinese. A page waits for `loadWords` before it shows anything.

const CHOICE = "hanse.language";
const KNOWN = ["en", "zh"];
let words = {};

export let language = "en";

/** The reader's choice, else the first of the browser's languages that we speak. */
function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wishes = [asked, localStorage.getItem(CHOICE), ...navigator.languages].filter(Boolean);
  return wishes.map((wish) => wish.slice(0, 2).toLowerCase()).find((wish) => KNOWN.includes(wish)) ?? "en";
}

/** Read the words of the preferred language. */
export async function loadWords(wanted = preferred()) {
  const answer = await fetch(new URL(`../words/${wanted}.json`, import.meta.url));
  words = await answer.json();
  language = wanted;
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
}

/** From now on in this language, on this browser. */
export async function chooseLanguage(wanted) {
  localStorage.setItem(CHOICE, wanted);
  await loadWords(wanted);
}

/** The sentence of this key, with `{names}` filled in. A missing one shows its key, which a test forbids. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The word for a code of the api (`status.paid`); a code that came after these words is shown as it is, readably. */
export function word(kind, code) {
  return words[`${kind}.${code}`] ?? String(code).replaceAll("_", " ");
}

/** Whether there is a word of this key. */
export function has(key) {
  return key in words;
}

const TWO_TONGUES = /^([\p{Script=Han}\p{N}·、，。（）—]+(?:\s[\p{Script=Han}]+)*)\s+([A-Za-z].*)$/u;

/** A text that says the same in Chinese and then in English (`青瓷壶 Celadon teapot`): first the reader's half, then the other. */
export function halves(text) {
  const match = TWO_TONGUES.exec(text);
  if (!match) return [text, ""];
  return language === "zh" ? [match[1], match[2]] : [match[2], match[1]];
}

/** The reader's half of a text in two languages. */
export function half(text) {
  return halves(text)[0];
}
