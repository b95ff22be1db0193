// Who is logged in on this page. The access token lives in memory; the refresh token in a cookie that no script can read.

const EARLY = 20;

/** A log-in of one audience, `shop` or `console`. Fires `change` when somebody logs in or out, in this tab or another. */
export class Session extends EventTarget {
  #address;
  #lock;
  #token = null;
  #goodUntil = 0;
  #renewing = null;
  #others;

  userId = null;

  constructor(audience) {
    super();
    this.#address = `/web/${audience}/session`;
    this.#lock = `hanse-${audience}-session`;
    this.#others = new BroadcastChannel(this.#lock);
    this.#others.addEventListener("message", ({ data }) => {
      if (data !== this.userId) this.#become(null).then(() => this.token());
    });
  }

  get isOpen() {
    return this.userId !== null;
  }

  /** An access token that is still good, or null when nobody is logged in. */
  async token() {
    if (this.#token !== null && Date.now() < this.#goodUntil) return this.#token;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    await this.#renewing;
    return this.#token;
  }

  /** The api no longer takes this token: forget it, so that the next `token()` renews. */
  refused(token) {
    if (this.#token === token) this.#token = null;
  }

  /** Log in with name and password, or register. Throws the api's problem document. */
  async open(credentials, { registering = false } = {}) {
    const answer = await fetch(registering ? `${this.#address}/registration` : this.#address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(credentials),
    });
    if (!answer.ok) throw await answer.json();
    await this.#become(await answer.json());
    this.#others.postMessage(this.userId);
  }

  /** Log out, here and on the server. */
  async close() {
    const token = await this.token().catch(() => null);
    if (token) await fetch("/v1/sessions/current", { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
    await fetch(this.#address, { method: "DELETE" });
    await this.#become(null);
    this.#others.postMessage(null);
  }

  // Tabs share the cookie, and a refresh token is good once: they renew one after another.
  async #renew() {
    const turn = navigator.locks ? (work) => navigator.locks.request(this.#lock, work) : (work) => work();
    await turn(async () => {
      const answer = await fetch(`${this.#address}/renewal`, { method: "POST" });
      if (answer.ok) return this.#become(await answer.json());
      if (answer.status !== 401) throw await answer.json();
      await fetch(this.#address, { method: "DELETE" });
      return this.#become(null);
    });
  }

  async #become(session) {
    const before = this.userId;
    this.#token = session?.access_token ?? null;
    this.#goodUntil = session ? Date.now() + (session.expires_in - EARLY) * 1000 : 0;
    this.userId = session?.user_id ?? null;
    if (this.userId !== before) this.dispatchEvent(new Event("change"));
  }
}
