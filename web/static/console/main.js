// The operations console: its frame, the log-in, and which address shows which page.

import { fill, h, icon } from "../lib/dom.js";
import { loginForm } from "../lib/entry.js";
import { chooseLanguage, language, loadWords, t } from "../lib/i18n.js";
import { Router } from "../lib/router.js";
import { button, field, problemView } from "../lib/ui.js";
import { claimsPage } from "./ahead.js";
import { aftersalesPage, casePage } from "./aftersales.js";
import { auditPage } from "./audit.js";
import { can, session, whoAmI } from "./context.js";
import { moneyPage } from "./money.js";
import { orderPage } from "./order.js";
import { ordersPage } from "./orders.js";
import { parcelsPage } from "./parcels.js";
import { productPage, productsPage } from "./products.js";
import { reconciliationPage, reconciliationsPage } from "./reconciliations.js";
import { reviewsPage } from "./reviews.js";
import { stockPage } from "./stock.js";
import { transfersPage } from "./transfers.js";
import { webhooksPage } from "./webhooks.js";
import { wordsPage } from "./words.js";
import { workPage } from "./work.js";

const side = h("header", { class: "side" });
const outlet = h("main", { id: "content" });

const router = new Router(outlet, () => t("console.name"), [
  ["/console", ordersPage],
  ["/console/orders/:id", orderPage],
  ["/console/parcels", parcelsPage],
  ["/console/work", workPage],
  ["/console/aftersales", aftersalesPage],
  ["/console/aftersales/:id", casePage],
  ["/console/money", moneyPage],
  ["/console/reconciliations", reconciliationsPage],
  ["/console/reconciliations/:number", reconciliationPage],
  ["/console/stock", stockPage],
  ["/console/transfers", transfersPage],
  ["/console/claims", claimsPage],
  ["/console/products", productsPage],
  ["/console/products/:id", productPage],
  ["/console/reviews", reviewsPage],
  ["/console/words", wordsPage],
  ["/console/webhooks", webhooksPage],
  ["/console/audit", auditPage],
]);

const PLACES = [
  ["/console", "list", "console.orders", ["orders", "service", "stock"]],
  ["/console/parcels", "box", "console.parcels", ["orders", "service", "stock"]],
  ["/console/work", "clock", "console.work", ["orders", "service", "stock", "finance"]],
  ["/console/aftersales", "box", "console.aftersales", ["service", "stock"]],
  ["/console/money", "coin", "console.money", ["finance"]],
  ["/console/reconciliations", "anchor", "recon.title", ["finance"]],
  ["/console/stock", "stock", "console.stock", ["stock"]],
  ["/console/transfers", "box", "console.transfers", ["stock"]],
  ["/console/claims", "clock", "console.claims", ["stock"]],
  ["/console/products", "tag", "console.products", ["catalogue"]],
  ["/console/reviews", "star", "console.reviews", ["service"]],
  ["/console/words", "search", "console.words", ["service", "ops"]],
  ["/console/webhooks", "link", "console.webhooks", ["ops"]],
  ["/console/audit", "book", "console.audit", ["accounts"]],
];

function drawFrame(operator) {
  const mark = new URL("../mark.svg", import.meta.url).pathname;
  fill(side,
    h("a", { class: "skip", href: "#content" }, t("skip")),
    h("a", { class: "brand", href: "/console" }, h("img", { src: mark, alt: "", width: 30, height: 30 }), h("span", {}, t("console.name"))),
    operator && h("nav", { "aria-label": t("console.name") }, PLACES.filter(([, , , takes]) => can(...takes)).map(place)),
    h("div", { class: "who" },
      operator && h("span", { class: "name" }, operator.display_name),
      h("span", { class: "row" }, languageSwitch(), operator && h("button", { class: "plain", type: "button", "aria-label": t("account.logout"), on: { click: () => session.close() } }, icon("out")))));
}

function place([href, symbol, name]) {
  return h("a", { href, "aria-current": isHere(href) ? "page" : false }, icon(symbol), t(name));
}

function languageSwitch() {
  const other = language === "zh" ? "en" : "zh";
  const speak = async () => {
    await chooseLanguage(other);
    await draw();
  };
  return h("button", { class: "plain", type: "button", lang: other === "zh" ? "zh-CN" : "en", on: { click: speak } }, other === "zh" ? "中文" : "English");
}

function showLogin(problem = null) {
  drawFrame(null);
  document.title = t("console.name");
  const contact = field(t("entry.contact"), { name: "contact", required: true, maxlength: 254, autocomplete: "username" });
  fill(outlet, h("section", { class: "panel narrow" },
    h("h1", {}, t("console.login")),
    problem && h("p", { class: "callout", role: "alert" }, problem),
    loginForm(session, contact, () => {})));
}

/** The frame for whoever is logged in, and the page of this address. */
async function draw() {
  let operator;
  try {
    operator = await whoAmI();
  } catch (thrown) {
    return fill(outlet, problemView(thrown, { retry: draw }));
  }
  if (!operator) return showLogin();
  if (!operator.permissions.length) {
    showLogin(t("console.no_operator", { name: operator.display_name }));
    return outlet.querySelector(".panel").append(button(t("account.logout"), () => session.close()));
  }
  drawFrame(operator);
  return router.show();
}

async function start() {
  await loadWords();
  document.body.replaceChildren(side, outlet);
  drawFrame(null);
  session.addEventListener("change", draw);
  new MutationObserver(() => side.querySelectorAll("nav a").forEach(mark)).observe(outlet, { childList: true });
  await session.token().catch(() => null); // drawing asks again and says what is wrong
  if (!session.isOpen) await draw();
}

function mark(link) {
  if (isHere(link.getAttribute("href"))) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

function isHere(href) {
  if (href === "/console") return /^\/console(\/orders.*)?\/?$/.test(location.pathname);
  return location.pathname.startsWith(href);
}

await start();
