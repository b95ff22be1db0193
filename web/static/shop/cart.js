// The reader's cart, kept by the server: an account's, or a visitor's whose secret id this browser remembers.

import { Problem } from "../lib/http.js";

const KEPT = "hanse.cart-id";
export const MOST = 999;
export const NOTHING = { coupons: [], points: 0 };

/** The cart as the server priced it last, in `view`. Fires `change` after each answer, `merged` when a visitor's went
 * into an account's, with the report as `detail`, and `unspendable` when coupons or points were put back, with the problem. */
export class Cart extends EventTarget {
  #api;
  #session;
  #others = new BroadcastChannel("hanse-cart");
  #settled = Promise.resolve(); // a change of owner that is under way: whatever asks for the cart waits for it

  view = null;
  /** Coupons and points that the reader tries on the cart: `{coupons, points}`. */
  tried = NOTHING;

  constructor(api, session) {
    super();
    this.#api = api;
    this.#session = session;
    this.#others.addEventListener("message", () => this.load());
    session.addEventListener("change", () => (this.#settled = this.#changeOwner().catch(() => null)));
  }

  get lines() {
    return this.view?.lines ?? [];
  }

  get units() {
    return this.lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  /** Ask how the cart stands now. */
  async load(signal) {
    await this.#ready();
    return this.#show(await this.#priced(signal));
  }

  /** Try these coupons and points from now on. */
  try(choice, signal) {
    this.tried = choice;
    return this.load(signal);
  }

  add(skuId, quantity) {
    return this.#change("POST", "/lines", { sku_id: skuId, quantity });
  }

  /** Set `quantity`, `selected`, or both. */
  set(skuId, change) {
    return this.#change("PATCH", `/lines/${skuId}`, change);
  }

  remove(skuId) {
    return this.#change("DELETE", `/lines/${skuId}`);
  }

  saveForLater(skuId) {
    return this.#change("POST", `/lines/${skuId}/save-for-later`);
  }

  moveBack(skuId) {
    return this.#change("POST", `/saved/${skuId}/move-to-cart`);
  }

  forget(skuId) {
    return this.#change("DELETE", `/saved/${skuId}`);
  }

  async #change(method, path, body) {
    await this.#ready();
    const view = await this.#send(method, path, { body });
    this.#others.postMessage("changed");
    return this.#show(this.#isTrying ? await this.#priced() : view);
  }

  get #isTrying() {
    return this.tried.coupons.length > 0 || this.tried.points > 0;
  }

  // With what the reader tries; without it, and saying so, when it can no longer be spent.
  async #priced(signal) {
    if (!this.#session.isOpen || !this.#isTrying) return this.#send("GET", "", { signal });
    const asked = new URLSearchParams([...this.tried.coupons.map((id) => ["coupon", id]), ["points", this.tried.points]]);
    try {
      const view = await this.#send("GET", `?${asked}`, { signal });
      const refused = view.sums.find((sum) => sum.refused?.code === "points_above_share");
      if (!refused) return view;
      return await this.#without({ ...this.tried, points: 0 }, { ...refused.refused, status: 422 }, signal);
    } catch (thrown) {
      if (!/^(coupon|points)_/.test(Problem.of(thrown).code)) throw thrown;
      return this.#without(NOTHING, thrown, signal);
    }
  }

  #without(rest, problem, signal) {
    this.tried = rest;
    this.dispatchEvent(new CustomEvent("unspendable", { detail: problem }));
    return this.#priced(signal);
  }

  // Whose cart it is depends on whether somebody is logged in.
  async #ready() {
    await this.#session.token();
    await this.#settled;
  }

  #show(view) {
    this.view = view;
    if (view.cart_id && !this.#session.isOpen) localStorage.setItem(KEPT, view.cart_id);
    this.dispatchEvent(new Event("change"));
    return view;
  }

  async #send(method, path, options) {
    const id = this.#session.isOpen ? null : localStorage.getItem(KEPT);
    try {
      return await this.#api.send(method, `/v1/cart${path}`, { ...options, headers: id ? { "x-cart-id": id } : {} });
    } catch (thrown) {
      const isOver = id && ["cart_merged", "not_found"].includes(Problem.of(thrown).code);
      if (!isOver) throw thrown;
      localStorage.removeItem(KEPT); // it went into an account, or was forgotten: the next one is new
      return this.#api.send(method, `/v1/cart${path}`, options);
    }
  }

  async #changeOwner() {
    const id = localStorage.getItem(KEPT);
    this.tried = NOTHING;
    if (this.#session.isOpen && id) {
      const report = await this.#api.send("POST", "/v1/cart/merge", { headers: { "x-cart-id": id } }).catch(gone);
      localStorage.removeItem(KEPT);
      if (report) this.dispatchEvent(new CustomEvent("merged", { detail: report }));
    }
    this.#show(await this.#send("GET", "", {}));
  }
}

function gone(thrown) {
  if (Problem.of(thrown).code === "not_found") return null;
  throw thrown;
}
