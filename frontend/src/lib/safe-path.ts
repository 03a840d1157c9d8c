/** Paths of this site that came from an address bar, where anybody may have written them. */

const LONGEST = 500;
// Printable ASCII without the backslash, which browsers take for a slash: what else may stand in an address
// is percent-encoded.
const PLAIN = /^\/[!-[\]-~]*$/;

/**
 * The path when it leads to a page of this site however it is read, else "/". The backend's `kit/safe_path.py` has the
 * same rule.
 */
export function safePath(path: string | null): string {
  if (!path || path.length > LONGEST || !PLAIN.test(path)) return "/";
  const [place = ""] = path.split(/[?#]/, 1);
  const segments = place.slice(1).toLowerCase().replaceAll("%2e", ".").split("/");
  // "/..//host" becomes "//host" when it is resolved, and a server may decode a slash.
  const moves = segments.some((each) => each === "." || each === "..");
  // The API is no page, and sends people on: to whichever provider a tenant has named. No page is spelled with
  // "%61" for "a".
  const [first = ""] = segments;
  const noPage = first === "api" || first.includes("%");
  return moves || noPage || place.includes("//") || /%(2f|5c)/i.test(place) ? "/" : path;
}
