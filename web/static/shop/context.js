// What every page of the storefront uses: who is logged in, the api, the cart, and what the shop sells by whom.

import { Api } from "../lib/http.js";
import { Session } from "../lib/session.js";
import { Cart } from "./cart.js";

export const session = new Session("shop");
export const api = new Api(session);
export const cart = new Cart(api, session);

let known;

/** Categories, brands and merchants by id, asked once a page load. */
export function directory() {
  known ??= Promise.all(["categories", "brands", "merchants"].map((name) => api.get(`/v1/${name}`)))
    .then(([categories, brands, merchants]) => ({
      categories,
      category: byId(categories, "category_id"),
      brand: byId(brands, "brand_id"),
      merchant: byId(merchants, "merchant_id"),
    }))
    .catch((thrown) => {
      known = undefined;
      throw thrown;
    });
  return known;
}

/** Promotions that run now, newest first; none while they cannot be had, since the shop sells without them too. */
export async function running(limit = 50) {
  return api.get("/v1/promotions", { query: { limit } }).then((page) => page.items, () => []);
}

function byId(items, key) {
  return new Map(items.map((item) => [item[key], item]));
}

/** For pages that take a log-in: true when there is one, else the reader is on the way to the log-in page and back. */
export async function loggedIn(visit) {
  await session.token();
  if (session.isOpen) return true;
  const here = location.pathname + location.search;
  await visit.router.go(`/shop/login?then=${encodeURIComponent(here)}`, { replace: true });
  return false;
}
