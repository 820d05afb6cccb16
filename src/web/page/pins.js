// Cards that the customer has pinned, kept by the browser where it lets a page keep anything.

const KEY = "counterfoil-pins-v1";

function all() {
  return JSON.parse(localStorage.getItem(KEY) ?? "{}");
}

/** What was pinned for a venue: `{digest, date}`, null for nothing, undefined where nothing can be kept. */
export function pinned(venue) {
  try {
    return Object.hasOwn(all(), venue) ? all()[venue] : null;
  } catch {
    return undefined;
  }
}

export function pin(venue, digest, date) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [venue]: { digest, date } }));
  } catch {
    // the next look says that nothing is kept
  }
}
