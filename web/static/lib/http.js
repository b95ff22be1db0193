// Speaks with the public api: the access token, idempotency keys, and problem documents as errors.

/** A refusal or failure of the api (RFC 9457); `fields` are the refusal's own facts. */
export class Problem extends Error {
  constructor(document) {
    super(document.detail ?? document.title);
    this.status = document.status ?? 0;
    this.code = document.code ?? "internal_error";
    this.title = document.title ?? "";
    this.traceId = document.trace_id ?? null;
    this.fields = document;
  }

  /** From whatever was thrown: a problem, a plain document, or no answer at all. */
  static of(thrown) {
    if (thrown instanceof Problem) return thrown;
    if (thrown && typeof thrown === "object" && "code" in thrown && "status" in thrown) return new Problem(thrown);
    if (thrown instanceof TypeError) return new Problem({ code: "no_answer", status: 0, detail: thrown.message });
    throw thrown;
  }
}

/** A value that names one piece of work; repeat the request with the same one. */
export function newKey() {
  return crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].join("-");
}

/** The api as one session sees it. */
export class Api {
  #session;

  constructor(session) {
    this.#session = session;
  }

  get(path, { query, signal } = {}) {
    return this.send("GET", path, { query, signal });
  }

  /** A file of a route that needs the access token. Throws a Problem. */
  async blob(path, { signal } = {}) {
    const answer = await this.#fetch(path, { signal });
    if (!answer.ok) throw await problemOf(answer);
    return answer.blob();
  }

  /** A POST that moves something takes a `key`; one that edits takes the `version` that was seen, too. */
  post(path, body, { key, version, signal } = {}) {
    return this.send("POST", path, { body, key, version, signal });
  }

  /** `version` is sent as If-Match. */
  put(path, body, { version } = {}) {
    return this.send("PUT", path, { body, version });
  }

  delete(path) {
    return this.send("DELETE", path, {});
  }

  /** A file from the reader's machine, as a form would send it. */
  async upload(path, file) {
    const body = new FormData();
    body.append("file", file);
    const answer = await this.#fetch(path, { method: "POST", body });
    if (!answer.ok) throw await problemOf(answer);
    return answer.json();
  }

  /** Bytes that take the access token, as an address for `img`; revoke it when the picture is gone. */
  async picture(path, { signal } = {}) {
    const answer = await this.#fetch(path, { signal });
    if (!answer.ok) throw await problemOf(answer);
    return URL.createObjectURL(await answer.blob());
  }

  /** The answer's JSON (null for an empty one). Throws a Problem. */
  async send(method, path, { query, body, key, version, signal, headers: more } = {}) {
    const headers = { ...more };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (key) headers["idempotency-key"] = key;
    if (version !== undefined) headers["if-match"] = `"${version}"`;
    const init = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
    const answer = await this.#fetch(withQuery(path, query), init);
    if (!answer.ok) throw await problemOf(answer);
    return answer.status === 204 ? null : answer.json();
  }

  /** What is no JSON: a PDF, a picture. Throws a Problem. */
  async blob(path, { query, signal } = {}) {
    const answer = await this.#fetch(withQuery(path, query), { signal });
    if (!answer.ok) throw await problemOf(answer);
    return answer.blob();
  }

  /** Server-sent events of a route that needs the access token. Ends with the stream; the caller opens the next one. */
  async *events(path, { signal, lastId }) {
    const headers = { accept: "text/event-stream" };
    if (lastId) headers["last-event-id"] = lastId;
    const answer = await this.#fetch(path, { headers, signal });
    if (!answer.ok) throw await problemOf(answer);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
        if (data.length) yield JSON.parse(data.join("\n"));
      }
    }
  }

  async #fetch(path, init) {
    const token = await this.#session.token();
    const answer = await fetch(path, { ...init, headers: withToken(init.headers, token) });
    if (answer.status !== 401 || token === null) return answer;
    this.#session.refused(token);
    const fresh = await this.#session.token();
    return fresh === null ? answer : fetch(path, { ...init, headers: withToken(init.headers, fresh) });
  }
}

function withToken(headers, token) {
  return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
}

function withQuery(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const each = given.flatMap(([name, value]) => [value].flat().map((one) => [name, one])); // a list says its name again and again
  return each.length ? `${path}?${new URLSearchParams(each)}` : path;
}

async function problemOf(answer) {
  const type = answer.headers.get("content-type") ?? "";
  if (type.includes("json")) return new Problem(await answer.json());
  return new Problem({ status: answer.status, code: "internal_error", title: answer.statusText, detail: "" });
}
