// From cart to order in two steps: where to and what to spend, then the quote with its stock held for some minutes.

import { h } from "../lib/dom.js";
import { day, money } from "../lib/format.js";
import { half, t } from "../lib/i18n.js";
import { Problem, newKey } from "../lib/http.js";
import { button, empty, field, form, problemView } from "../lib/ui.js";
import { addressForm } from "./addresses.js";
import { api, cart, loggedIn } from "./context.js";
import { NOTHING } from "./cart.js";
import { missedList, savings } from "./offers.js";
import { addressText, clock, orderLine, picture, sums } from "./pieces.js";
import { fromQuery, mendings, spendable, spendingView } from "./spending.js";

/** The page: of the cart, or of the one SKU that `buy now` names. */
export async function checkoutPage({ visit, query }) {
  if (!(await loggedIn(visit))) return;
  visit.wait("page");
  const { lines, most } = query.has("sku") ? { lines: [await single(query)], most: null } : await chosenLines(query.get("currency"), visit.signal);
  const basket = lines.map(({ sku_id, quantity }) => ({ sku_id, quantity }));
  const [addresses, spend] = await Promise.all([
    api.get("/v1/addresses", { signal: visit.signal }),
    spendable(basket, visit.signal).catch(() => ({ tried: [], balance: 0 })), // what is wrong with the basket, its quote will say
  ]);
  await new Checkout(visit, lines, addresses, query.has("sku"), { ...spend, most }, fromQuery(query)).askWhere();
}

/** The lines of the cart that are selected and can be bought, of one currency, and how many points they take. */
async function chosenLines(currency, signal) {
  const { lines, sums } = await cart.load(signal);
  const sum = sums.find((one) => one.currency === currency) ?? sums[0];
  const bought = new Set(sum?.basket.map((line) => line.sku_id));
  return { lines: lines.filter((line) => bought.has(line.sku_id)), most: sum && !sum.refused ? sum.most_points : null };
}

async function single(query) {
  const product = await api.get(`/v1/products/${query.get("spu")}`);
  const sku = product.skus.find((one) => one.sku_id === query.get("sku")) ?? product.skus[0];
  return {
    sku_id: sku.sku_id,
    spu_id: product.spu_id,
    title: product.title,
    options: Object.values(sku.options).join(" / "),
    image_url: product.media[0]?.small_url ?? null,
    quantity: Number(query.get("quantity")) || 1,
  };
}

class Checkout {
  #visit;
  #lines;
  #addresses;
  #address;
  #note = "";
  #isSingle;
  #spend;
  #chosen;

  constructor(visit, lines, addresses, isSingle, spend, chosen) {
    this.#visit = visit;
    this.#lines = lines;
    this.#addresses = addresses;
    this.#address = addresses[0]?.id;
    this.#isSingle = isSingle;
    this.#spend = spend;
    this.#chosen = chosen;
  }

  /** Step one. `trouble` is a refusal of step two, shown with what can be done about it. */
  askWhere(trouble = null) {
    if (!this.#lines.length) {
      const look = h("a", { class: "button main", href: "/" }, t("cart.look"));
      return this.#visit.show(t("checkout.title"), h("h1", {}, t("checkout.title")), empty("cart", t("cart.empty"), look));
    }
    const known = this.#addresses.length > 0;
    return this.#visit.show(t("checkout.title"),
      h("h1", {}, t("checkout.title")), steps(1), trouble,
      h("div", { class: "two" },
        h("div", {},
          h("section", { class: "panel" }, h("h2", {}, t("checkout.where")), known ? this.#choices() : this.#newAddress()),
          known && this.#spending(),
          known && h("section", { class: "panel" },
            form((values) => this.#prepare(values), {
              fields: field(t("checkout.note"), { tag: "textarea", name: "note", maxlength: 500, rows: 2, value: this.#note, hint: t("checkout.note.hint") }),
              submit: t("checkout.next"),
            }))),
        h("aside", { class: "panel" }, h("h2", {}, t("checkout.goods")), h("ul", { class: "lines small" }, this.#lines.map(wanted)))));
  }

  #choices() {
    const choice = (entry) => h("label", { class: "choice" },
      h("input", { type: "radio", name: "address", value: entry.id, checked: entry.id === this.#address, on: { change: () => (this.#address = entry.id) } }),
      addressText(entry));
    const more = h("details", {}, h("summary", {}, t("address.add")), this.#newAddress());
    return h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, t("checkout.where")), this.#addresses.map(choice), more);
  }

  #spending() {
    const { tried, balance, most } = this.#spend;
    if (!tried.length && !balance) return null;
    const change = (chosen) => {
      this.#chosen = chosen;
      return this.askWhere();
    };
    return h("section", { class: "panel" }, h("h2", {}, t("spending.title")), spendingView({ tried, balance }, this.#chosen, most, change));
  }

  #newAddress() {
    return addressForm(null, async (entry) => {
      this.#addresses = await api.get("/v1/addresses");
      this.#address = entry.id;
      await this.askWhere();
    });
  }

  async #prepare({ note }) {
    this.#note = note ?? this.#note;
    const lines = this.#lines.map(({ sku_id, quantity }) => ({ sku_id, quantity }));
    const basket = { lines, address_id: this.#address, note: this.#note, ...this.#chosen };
    try {
      const prepared = await api.post("/v1/orders/prepare", basket, { key: newKey() });
      this.#askToPlace(prepared, prepared.quote);
    } catch (thrown) {
      await this.askWhere(this.#kindly(Problem.of(thrown)));
    }
  }

  /** Step two. `before` is the total the reader saw when the price has changed since. */
  #askToPlace(prepared, quote, before = null) {
    const key = newKey();
    const place = () => this.#place(prepared, quote, key);
    const back = async () => {
      await api.post(`/v1/orders/${prepared.order_id}/cancel`, { why: "" }, { key: newKey() }).catch(() => null); // the hold ends by itself too
      await this.askWhere();
    };
    const over = () => this.askWhere(problemView({ code: "hold_expired", status: 409 }));
    const address = this.#addresses.find((entry) => entry.id === this.#address);
    this.#visit.show(t("checkout.title"),
      h("h1", {}, t("checkout.title")), steps(2),
      before && h("p", { class: "callout", role: "alert" }, t("checkout.repriced", { before: money(before), now: money(quote.total) })),
      h("div", { class: "two" },
        h("section", { class: "panel" }, h("h2", {}, t("checkout.quote")), h("ul", { class: "lines" }, quote.lines.map(orderLine)), lateGoods(prepared, quote), h("h2", {}, t("checkout.where")), addressText(address)),
        h("aside", { class: "panel" },
          h("p", { class: "callout" }, t("checkout.held"), " ", clock(this.#visit, prepared.hold_expires_at, over)),
          sums(quote),
          missedList(quote.missed.filter((offer) => offer.reason === "short"), savings(quote)),
          button(before ? t("checkout.agree") : t("checkout.place"), place, { kind: "main wide", id: "place" }),
          button(t("checkout.change"), back, { kind: "wide" }))));
  }

  async #place(prepared, quote, key) {
    try {
      const placed = await api.post("/v1/orders", { order_id: prepared.order_id, expected_total: quote.total }, { key });
      cart.tried = NOTHING; // spent, or at least held
      if (!this.#isSingle) await Promise.all(this.#lines.map((line) => cart.remove(line.sku_id).catch(() => null))); // it is ordered all the same
      const next = placed.status === "pending_payment" ? `/shop/pay/${placed.order_id}` : `/shop/orders/${placed.order_id}`;
      await this.#visit.router.go(next, { replace: true });
    } catch (thrown) {
      const problem = Problem.of(thrown);
      if (problem.code === "price_changed") return this.#askToPlace(prepared, problem.fields.quote, quote.total);
      if (problem.status === 0 || problem.status >= 500) throw thrown; // the same key may try again
      await this.askWhere(this.#kindly(problem));
    }
    return undefined;
  }

  /** A refusal with the lines it is about and a button for each that mends it, or with what can be spent instead. */
  #kindly(problem) {
    const { fields } = problem;
    const short = new Map((fields.lines ?? []).map((line) => [line.sku_id, line.left]));
    if (problem.code === "quantity_above_limit") Object.entries(fields.limits ?? {}).forEach(([skuId, most]) => short.set(skuId, most));
    const only = this.#lines.length === 1 ? this.#lines[0].sku_id : null; // of a limit over several articles
    if (problem.code === "purchase_limit_reached") fields.limits.forEach((limit) => short.set(limit.sku_id ?? only, limit.left));
    (fields.sku_ids ?? []).forEach((skuId) => short.has(skuId) || short.set(skuId, 0));
    const rows = this.#lines.filter((line) => short.has(line.sku_id)).map((line) => this.#mend(line, short.get(line.sku_id)));
    const { told, choices, links = [] } = mendings(problem, this.#chosen);
    const actions = [
      choices.map(([text, chosen]) => button(text, async () => {
        this.#chosen = chosen;
        await this.askWhere();
      }, { kind: "small" })),
      links.map(([text, href]) => h("a", { class: "button small", href }, text)),
    ];
    return h("div", { class: "refused" },
      problemView(problem, { actions: actions.flat() }),
      told.length > 0 && h("ul", { class: "missed" }, told.map((text) => h("li", {}, text))),
      rows.length > 0 && h("ul", { class: "mend" }, rows));
  }

  #mend(line, left) {
    const apply = (change) => async () => {
      this.#lines = this.#lines.map((one) => (one === line ? { ...one, ...change } : one)).filter((one) => one.quantity > 0);
      if (!this.#isSingle) await (left > 0 ? cart.set(line.sku_id, change) : cart.remove(line.sku_id));
      await this.askWhere();
    };
    return h("li", {},
      h("span", {}, h("b", {}, half(line.title)), line.options && ` ${line.options}`, ": ", t("checkout.asked_left", { asked: line.quantity, left })),
      left > 0
        ? button(t("cart.take", { n: left }), apply({ quantity: left }), { kind: "small" })
        : button(t("checkout.without"), apply({ quantity: 0 }), { kind: "small" }));
  }
}

function wanted(line) {
  return h("li", { class: "line" }, picture(line.image_url),
    h("div", { class: "what" }, half(line.title), line.options && h("span", { class: "soft" }, line.options)),
    h("span", { class: "times" }, `× ${line.quantity}`));
}

/** Where the reader is on the way: 1 address, 2 confirm, 3 pay. */
export function steps(now) {
  const names = ["checkout.step.where", "checkout.step.confirm", "checkout.step.pay"];
  return h("ol", { class: "steps" }, names.map((name, index) =>
    h("li", { class: index + 1 < now ? "done" : "", "aria-current": index + 1 === now ? "step" : false }, t(name))));
}

/** What is not there yet, and when it ships. */
function lateGoods(prepared, quote) {
  if (!prepared.late?.length) return null;
  const titles = new Map(quote.lines.map((line) => [line.sku_id, line.title]));
  return h("section", { class: "callout", role: "status" }, prepared.late.map((goods) =>
    h("p", {}, h("b", {}, half(titles.get(goods.sku_id) ?? goods.sku_id)), ": ", t(`late.${goods.policy}`, { n: goods.quantity, date: day(goods.ships_by) }))));
}
