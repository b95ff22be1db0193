// The cart, kept in this browser. It remembers what the reader saw of each line; the server judges prices and stock.

const KEPT = "hanse.cart";
export const MOST = 999;

/** Lines by SKU, the newest last. Fires `change`, also when another tab changed it. */
export class Cart extends EventTarget {
  #lines = read();

  constructor() {
    super();
    addEventListener("storage", (event) => {
      if (event.key !== KEPT) return;
      this.#lines = read();
      this.dispatchEvent(new Event("change"));
    });
  }

  /** `{sku_id, spu_id, title, options, image_url, price, quantity}` each. */
  get lines() {
    return [...this.#lines];
  }

  get units() {
    return this.#lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  /** Add to what is there of the SKU. */
  add(line) {
    const present = this.#lines.find((other) => other.sku_id === line.sku_id);
    const quantity = Math.min(MOST, (present?.quantity ?? 0) + line.quantity);
    this.#keep([...this.#lines.filter((other) => other !== present), { ...line, quantity }]);
  }

  /** Change what is kept of a SKU. */
  update(skuId, change) {
    this.#keep(this.#lines.map((line) => (line.sku_id === skuId ? { ...line, ...change } : line)));
  }

  remove(...skuIds) {
    this.#keep(this.#lines.filter((line) => !skuIds.includes(line.sku_id)));
  }

  #keep(lines) {
    this.#lines = lines;
    localStorage.setItem(KEPT, JSON.stringify(lines));
    this.dispatchEvent(new Event("change"));
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]");
  } catch {
    return []; // another version of the shop wrote it
  }
}
