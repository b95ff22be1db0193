// WeChat Pay inside WeChat (JSAPI): hands what the shop signed to WeChat, which asks the buyer for the password.

import { fill, h } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { button } from "../lib/ui.js";
import { api, loggedIn } from "./context.js";

const WAITS_FOR_BRIDGE = 5000; // milliseconds; WeChat puts it into the page a moment after it was loaded

/** What the channel left behind `#wechat_pay=`; null when there is nothing, or nothing that can be read. */
export function signed(hash) {
  const text = new URLSearchParams(hash.replace(/^#/, "")).get("wechat_pay");
  try {
    const told = JSON.parse(text ?? "null");
    return told && typeof told.paySign === "string" ? told : null;
  } catch {
    return null;
  }
}

/** Pay with the WeChat around this page. */
export async function bridgePage({ visit, params }) {
  const told = signed(location.hash);
  if (!(await loggedIn(visit))) return undefined;
  visit.wait("page");
  const order = await api.get(`/v1/orders/${params.id}`, { signal: visit.signal });
  const orderPage = `/shop/orders/${order.order_id}`;
  const payAgain = h("a", { class: "button", href: `/shop/pay/${order.order_id}` }, t("scan.other"));
  if (order.status !== "pending_payment" || order.payment_status !== "unpaid") return visit.router.go(orderPage, { replace: true });
  const trouble = h("div", { role: "alert" });
  const say = (key) => fill(trouble, h("p", { class: "callout" }, t(key)));
  const pay = async () => {
    fill(trouble);
    const bridge = told && (await bridgeOfWechat(visit.signal));
    if (!bridge) return say(told ? "bridge.outside" : "bridge.nothing");
    const answer = await new Promise((resolve) => bridge.invoke("getBrandWCPayRequest", told, resolve));
    if (answer.err_msg === "get_brand_wcpay_request:ok") return visit.router.go(orderPage, { replace: true });
    return say(answer.err_msg === "get_brand_wcpay_request:cancel" ? "bridge.cancelled" : "bridge.failed");
  };
  visit.show(t("bridge.title"),
    h("h1", {}, t("bridge.title")),
    h("section", { class: "panel scan" },
      h("p", { class: "amount" }, money(order.total)),
      trouble,
      h("p", { class: "row" }, button(t("bridge.pay"), pay, { kind: "main", id: "pay" }), payAgain),
      h("p", { class: "soft" }, t("bridge.more"))));
  return pay();
}

/** WeChat's own object, once it is there; null on a page outside WeChat. */
function bridgeOfWechat(signal) {
  if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), WAITS_FOR_BRIDGE);
    document.addEventListener("WeixinJSBridgeReady", () => {
      clearTimeout(late);
      resolve(window.WeixinJSBridge);
    }, { once: true, signal });
  });
}
