// The cashier: how long there is, which ways to pay, and off to the channel's own page, or to ours with a code to scan.

import { h } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { has, language, t } from "../lib/i18n.js";
import { newKey } from "../lib/http.js";
import { form } from "../lib/ui.js";
import { steps } from "./checkout.js";
import { api, loggedIn } from "./context.js";
import { clock, orderLine, sums } from "./pieces.js";

/** Choose a channel for an order that waits for its payment. */
export async function payPage({ visit, params, query }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const order = await api.get(`/v1/orders/${params.id}`, { signal: visit.signal });
  const orderPage = `/shop/orders/${order.order_id}`;
  if (order.status !== "pending_payment" || order.payment_status !== "unpaid") return visit.router.go(orderPage, { replace: true });
  const [channels, payment] = await Promise.all([
    api.get("/v1/cashier/channels", { query: { order_id: order.order_id }, signal: visit.signal }),
    api.get(`/v1/payments/${order.payment_id}`, { signal: visit.signal }),
  ]);
  visit.show(t("pay.title"),
    h("h1", {}, t("pay.title")), steps(3),
    h("div", { class: "two" },
      h("section", { class: "panel" },
        h("p", { class: "callout" }, t("pay.due"), " ", clock(visit, order.payment_due_at, () => visit.router.go(orderPage))),
        payForm(visit, order, channels, payment, query.get("payer_id"))),
      h("aside", { class: "panel" }, h("h2", {}, t("checkout.goods")), h("ul", { class: "lines small" }, order.lines.map(orderLine)), sums(order),
        h("a", { href: orderPage }, t("pay.later")))));
  return undefined;
}

/** `payerId` is who a page inside WeChat says the buyer is there (openid); only then WeChat itself can be paid with. */
function payForm(visit, order, listed, payment, payerId) {
  const channels = listed.filter((channel) => !channel.needs_payer_id || payerId);
  const inside = new Set(channels.filter((channel) => channel.needs_payer_id).map((channel) => channel.name));
  const usable = channels.filter((channel) => channel.takes_rest);
  let work = { channel: null, key: null };
  const pay = async ({ channel }) => {
    if (work.channel !== channel) work = { channel, key: newKey() }; // the same choice again is the same try
    const ask = { order_id: order.order_id, channel, language, return_path: `/shop/orders/${order.order_id}` };
    if (inside.has(channel)) Object.assign(ask, { payer_id: payerId, return_path: `/shop/pay/${order.order_id}/wechat` });
    const attempt = await api.post("/v1/payments", ask, { key: work.key });
    if (attempt.state === "closed") return visit.router.show(); // there is another price
    if (attempt.cashier_url.startsWith("weixin:")) return visit.router.go(`/shop/pay/${order.order_id}/scan/${attempt.attempt_id}`);
    return location.assign(attempt.cashier_url);
  };
  const choice = (channel) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "channel", value: channel.name, required: true, checked: channel === usable[0], disabled: !channel.takes_rest }),
    h("span", {}, channel.display_names[language] ?? channel.name,
      has(`pay.hint.${channel.name}`) && h("span", { class: "soft hint" }, t(`pay.hint.${channel.name}`)),
      !channel.takes_rest && h("span", { class: "soft" }, " ", t("pay.limits", { from: money({ ...payment.left, minor: channel.min_minor }), to: money({ ...payment.left, minor: channel.max_minor }) }))));
  return form(pay, {
    fields: h("fieldset", { class: "choices" }, h("legend", {}, t("pay.how")), channels.map(choice)),
    submit: t("pay.now", { amount: money(payment.left) }),
  });
}
