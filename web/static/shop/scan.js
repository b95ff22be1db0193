// WeChat Pay on a computer: a code to scan, and the order's page as soon as the money is there.

import { h } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { steps } from "./checkout.js";
import { api, loggedIn } from "./context.js";
import { clock } from "./pieces.js";

const ASK_EVERY = 2; // seconds

/** Show the code of a try to pay until it is paid, or its time is over. */
export async function scanPage({ visit, params }) {
  if (!(await loggedIn(visit))) return undefined;
  visit.wait("page");
  const order = await api.get(`/v1/orders/${params.id}`, { signal: visit.signal });
  const orderPage = `/shop/orders/${order.order_id}`;
  const leave = () => visit.router.go(orderPage, { replace: true });
  const payment = await api.get(`/v1/payments/${order.payment_id}`, { signal: visit.signal });
  const attempt = payment.attempts.find((one) => one.attempt_id === params.attempt);
  if (payment.state !== "pending" || attempt?.state !== "pending") return leave();
  const picture = await api.blob(`/v1/payments/${payment.payment_id}/attempts/${attempt.attempt_id}/code.svg`, { signal: visit.signal });
  const address = URL.createObjectURL(picture);
  visit.signal.addEventListener("abort", () => URL.revokeObjectURL(address));
  visit.show(t("scan.title"),
    h("h1", {}, t("scan.title")), steps(3),
    h("section", { class: "panel scan" },
      h("p", { class: "callout" }, t("pay.due"), " ", clock(visit, order.payment_due_at, leave)),
      h("p", { class: "amount" }, money(attempt.amount)),
      h("img", { class: "code", src: address, alt: t("scan.code"), width: 260, height: 260 }),
      h("ol", {}, ["scan.open", "scan.point", "scan.confirm"].map((step) => h("li", {}, t(step)))),
      h("p", { class: "soft", role: "status" }, t("scan.waiting")),
      h("p", { class: "row" },
        h("a", { class: "button", href: `/shop/pay/${order.order_id}` }, t("scan.other")),
        h("a", { href: orderPage }, t("pay.later")))));
  visit.every(ASK_EVERY, async () => {
    const now = await api.get(`/v1/payments/${payment.payment_id}`, { signal: visit.signal }).catch(() => null); // asked again in a moment
    const mine = now?.attempts.find((one) => one.attempt_id === attempt.attempt_id);
    if (mine && mine.state !== "pending") leave();
  });
  return undefined;
}
