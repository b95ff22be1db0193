// The cart as a page: what is in it, and what has changed since the reader put it there.

import { h, icon } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { Problem } from "../lib/http.js";
import { button, empty } from "../lib/ui.js";
import { api, cart } from "./context.js";
import { MOST } from "./cart.js";
import { picture, stepper } from "./pieces.js";

/** Lines, marks and the sum. */
export async function cartPage({ visit, query }) {
  if (!cart.lines.length) return visit.show(t("cart.title"), h("h1", {}, t("cart.title")), nothing());
  if (!query.has("quick")) visit.wait("list");
  const offered = await offers(visit);
  draw(visit, offered);
  return undefined;
}

/** Each line's SKU as it is sold now; null for one that is no longer. */
async function offers(visit) {
  const products = [...new Set(cart.lines.map((line) => line.spu_id))];
  const shown = await Promise.all(products.map((id) => api.get(`/v1/products/${id}`, { signal: visit.signal }).catch(goneAsNull)));
  return new Map(shown.filter(Boolean).flatMap((product) => product.skus.map((sku) => [sku.sku_id, sku])));
}

function goneAsNull(thrown) {
  if (thrown instanceof Problem && thrown.code === "product_unknown") return null;
  throw thrown;
}

function draw(visit, offered) {
  if (!cart.lines.length) return visit.show(t("cart.title"), h("h1", {}, t("cart.title")), nothing());
  const again = () => draw(visit, offered);
  const sellable = cart.lines.every((line) => judged(line, offered.get(line.sku_id)).fine);
  const total = cart.lines.reduce((sum, line) => sum + (offered.get(line.sku_id)?.price ?? line.price).minor * line.quantity, 0);
  const { currency } = cart.lines[0].price;
  return visit.show(t("cart.title"),
    h("h1", {}, t("cart.title")),
    h("div", { class: "two" },
      h("ul", { class: "lines" }, cart.lines.map((line) => row(line, offered.get(line.sku_id), again))),
      h("aside", { class: "panel" },
        h("dl", { class: "sums" }, h("dt", { class: "total" }, t("cart.sum")), h("dd", { class: "total" }, money({ minor: total, currency }))),
        h("p", { class: "soft" }, t("cart.shipping_later")),
        sellable
          ? h("a", { class: "button main wide", href: "/shop/checkout" }, t("cart.checkout"))
          : h("p", { class: "marked bad" }, t("cart.mend")))));
}

/** What to tell the reader about a line, and whether it can be bought as it stands. */
function judged(line, sku) {
  if (!sku?.price) return { fine: false, mark: t("cart.gone"), kind: "bad" };
  if (!sku.in_stock) return { fine: false, mark: t("stock.out"), kind: "bad" };
  const most = Math.min(sku.available, sku.max_per_order);
  if (line.quantity > most) return { fine: false, mark: t("cart.only", { n: most }), kind: "bad", most };
  if (sku.price.minor !== line.price.minor)
    return { fine: true, mark: t("cart.repriced", { before: money(line.price) }), kind: sku.price.minor < line.price.minor ? "good" : "" };
  return { fine: true };
}

function row(line, sku, again) {
  const { mark, kind, most } = judged(line, sku);
  const name = half(line.title);
  const change = (quantity) => {
    cart.update(line.sku_id, { quantity });
    again();
  };
  const remove = () => {
    cart.remove(line.sku_id);
    again();
  };
  const price = sku?.price ?? line.price;
  return h("li", { class: "line" },
    picture(line.image_url),
    h("div", { class: "what" },
      h("a", { href: `/shop/products/${line.spu_id}` }, name),
      line.options && h("span", { class: "soft" }, line.options),
      mark && h("span", { class: `marked ${kind}` }, mark),
      most ? button(t("cart.take", { n: most }), () => change(most), { kind: "small" }) : null),
    stepper(line.quantity, sku ? Math.max(1, Math.min(sku.max_per_order, MOST)) : MOST, change, name),
    h("b", { class: "sum" }, money({ ...price, minor: price.minor * line.quantity })),
    h("button", { class: "plain", type: "button", "aria-label": t("cart.remove", { name }), on: { click: remove } }, icon("bin")));
}

function nothing() {
  return empty("cart", t("cart.empty"), h("a", { class: "button main", href: "/" }, t("cart.look")));
}
