// Follows a stream of events for as long as the reader stays; a broken line is picked up again.

const AGAIN_AFTER = 1500;
const REFUSED = [401, 403, 404];

/** Call `seen` after each event of the stream until `signal` aborts. The first event only tells the present. */
export async function follow(api, path, signal, seen) {
  let lastId = null;
  while (!signal.aborted) {
    try {
      for await (const event of api.events(path, { signal, lastId })) {
        const isNews = lastId !== null && event.version !== lastId;
        lastId = event.version;
        if (isNews) await seen();
      }
    } catch (thrown) {
      if (signal.aborted || REFUSED.includes(thrown.status)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  }
}
