// Follows a stream of events for as long as the reader stays; a broken line is picked up again.

const AGAIN_AFTER = 1500;
const REFUSED = [401, 403, 404];

/** `ask` and then `draw` what it answers; when asked again meanwhile, only the last answer is drawn. */
export function looker(ask, draw) {
  let asked = 0;
  return async () => {
    const mine = ++asked;
    const known = await ask();
    if (mine === asked) draw(known);
  };
}

/** Call `seen` after each event of the stream until `signal` aborts. The first event only tells the present. */
export async function follow(api, path, signal, seen) {
  let lastId = null;
  while (!signal.aborted) {
    try {
      for await (const event of api.events(path, { signal, lastId })) {
        const isNews = lastId !== null && event.news !== lastId;
        lastId = event.news;
        if (isNews) await seen();
      }
    } catch (thrown) {
      if (signal.aborted || REFUSED.includes(thrown.status)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  }
}
