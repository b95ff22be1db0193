// The storefront: its frame, and which address shows which page.

import { fill, h, icon } from "../lib/dom.js";
import { chooseLanguage, language, loadWords, t } from "../lib/i18n.js";
import { Router } from "../lib/router.js";
import { explain, say } from "../lib/ui.js";
import { accountPage } from "./account.js";
import { bridgePage } from "./bridge.js";
import { aftersalesPage, casePage } from "./aftersale.js";
import { applyPage } from "./aftersale_form.js";
import { cartPage } from "./cart_page.js";
import { checkoutPage } from "./checkout.js";
import { api, cart, session } from "./context.js";
import { couponsPage } from "./coupons.js";
import { loginPage, registerPage, resetPage } from "./entry.js";
import { homePage } from "./home.js";
import { orderPage } from "./order.js";
import { ordersPage } from "./orders.js";
import { payPage } from "./pay.js";
import { productPage } from "./product.js";
import { scanPage } from "./scan.js";
import { searchPage } from "./search.js";
import { searchBox } from "./search_box.js";

const header = h("header", { class: "top" });
const outlet = h("main", { id: "content" });
const footer = h("footer", { class: "foot" });

const router = new Router(outlet, () => t("shop.name"), [
  ["/", homePage],
  ["/shop", homePage],
  ["/shop/search", searchPage],
  ["/shop/products/:id", productPage],
  ["/shop/cart", cartPage],
  ["/shop/coupons", couponsPage],
  ["/shop/checkout", checkoutPage],
  ["/shop/pay/:id", payPage],
  ["/shop/pay/:id/scan/:attempt", scanPage],
  ["/shop/pay/:id/wechat", bridgePage],
  ["/shop/orders", ordersPage],
  ["/shop/orders/:id", orderPage],
  ["/shop/orders/:id/aftersale", applyPage],
  ["/shop/aftersales", aftersalesPage],
  ["/shop/aftersales/:id", casePage],
  ["/shop/account", accountPage],
  ["/shop/login", loginPage],
  ["/shop/register", registerPage],
  ["/shop/reset", resetPage],
]);

const own = h("nav", { class: "own" });

/** The frame, once for each language: what is being typed in the search box stays when only the reader's own links change. */
function drawFrame() {
  fill(header,
    h("a", { class: "skip", href: "#content" }, t("skip")),
    h("div", { class: "bar" },
      h("a", { class: "brand", href: "/" }, h("img", { src: new URL("../mark.svg", import.meta.url).pathname, alt: "", width: 34, height: 34 }), h("span", {}, t("shop.name"))),
      searchBox((address) => router.go(address)),
      own));
  fill(footer,
    h("p", {}, t("shop.motto")),
    h("p", { class: "soft" }, t("shop.notice"), " ", h("a", { href: "/console", target: "_self" }, t("nav.console"))));
  drawOwn();
}

function drawOwn() {
  own.setAttribute("aria-label", t("nav.own"));
  fill(own, languageSwitch(), couponsLink(), ownLinks(), cartLink());
}

function languageSwitch() {
  const other = language === "zh" ? "en" : "zh";
  return h("button", { class: "plain", type: "button", lang: other === "zh" ? "zh-CN" : "en", id: "language", on: { click: () => speak(other) } }, other === "zh" ? "中文" : "English");
}

async function speak(wanted) {
  await chooseLanguage(wanted);
  if (session.isOpen) api.put("/v1/notification-preferences", { language: wanted }).catch(() => null); // letters follow the pages
  drawFrame();
  await router.show({ scroll: false });
  document.getElementById("language").focus();
}

function couponsLink() {
  return h("a", { class: "own-link", href: "/shop/coupons" }, icon("ticket"), h("span", {}, t("nav.coupons")));
}

function ownLinks() {
  if (!session.isOpen) return h("a", { class: "own-link", href: "/shop/login" }, icon("person"), h("span", {}, t("nav.login")));
  return [
    h("a", { class: "own-link", href: "/shop/orders" }, icon("box"), h("span", {}, t("nav.orders"))),
    h("a", { class: "own-link", href: "/shop/account" }, icon("person"), h("span", {}, t("nav.account"))),
  ];
}

function cartLink() {
  const units = cart.units;
  return h("a", { class: "own-link cart-link", href: "/shop/cart", "aria-label": t("nav.cart.of", { n: units }) },
    icon("cart"), h("span", {}, t("nav.cart")), units ? h("b", { class: "count" }, units > 99 ? "99+" : units) : null);
}

async function start() {
  await loadWords();
  document.body.replaceChildren(header, outlet, footer);
  drawFrame();
  session.addEventListener("change", drawOwn);
  cart.addEventListener("merged", ({ detail }) => tellMerged(detail));
  cart.addEventListener("unspendable", ({ detail }) => say(explain(detail).title, "bad"));
  cart.addEventListener("change", drawOwn);
  await session.token().catch(() => null); // without an answer the reader browses unknown
  drawOwn();
  cart.load().catch(() => null); // the count beside the cart is worth no error
  await router.show();
}

/** Lines of a visitor's cart that could not go whole into the account's. */
function tellMerged({ lines }) {
  const cut = lines.filter((line) => line.outcome !== "whole").length;
  if (cut) say(t("cart.merged", { n: cut }), "bad");
}

await start();
