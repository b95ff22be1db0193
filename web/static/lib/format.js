// Money, times and counts, as the reader writes them.

import { language } from "./i18n.js";

const locale = () => (language === "zh" ? "zh-CN" : "en-GB");

/** `{minor, currency}` as money. The currency says how many digits its minor unit has. */
export function money(amount) {
  const format = new Intl.NumberFormat(locale(), {
    style: "currency",
    currency: amount.currency,
    currencyDisplay: "narrowSymbol",
  });
  return format.format(amount.minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Read `199.90` as minor units of a currency; NaN for what is no amount. */
export function minorOf(text, currency) {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  if (!new RegExp(`^\\d{1,9}(\\.\\d{1,${digits || 1}})?$`).test(text.trim())) return NaN;
  return Math.round(Number(text) * 10 ** digits);
}

/** Minor units as the text that `minorOf` reads. */
export function plain(amount) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency: amount.currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  return (amount.minor / 10 ** digits).toFixed(digits);
}

/** Day and time. */
export function moment(text) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** The day alone. */
export function day(text) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(text));
}

/** Time to the millisecond, for the order of things that happened within a second. */
export function precise(text) {
  const day = new Intl.DateTimeFormat(locale(), { month: "short", day: "numeric" }).format(new Date(text));
  const at = new Date(text);
  const two = (part) => String(part).padStart(2, "0");
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** A whole number. */
export function count(number) {
  return new Intl.NumberFormat(locale()).format(number);
}

/** Seconds as `4:05`. */
export function countdown(seconds) {
  const left = Math.max(0, Math.round(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** The last letters of an id: enough to tell two apart. */
export function short(id) {
  return `…${id.slice(-6)}`;
}
