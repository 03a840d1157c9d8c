/** fetch as the interface needs it: cookies, one silent refresh, and refusals thrown as ApiError. */
import { offlineError, readProblem } from "./error";

const REFRESH_PATH = "/api/v1/auth/refresh";
/** Their 401 is an answer about the form, or about having no session, not about an expired one. */
const SIGN_IN_PATHS = ["/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/logout"];
/** Pages that work without a session. */
const PUBLIC_PAGES = ["/login", "/register"];

let refreshing: Promise<boolean> | null = null;

/** Several requests may meet the expired session at once; they share one refresh. */
function refresh(): Promise<boolean> {
  refreshing ??= fetch(REFRESH_PATH, { method: "POST", credentials: "same-origin" })
    .then((response) => response.ok)
    .catch(() => false)
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request, { credentials: "same-origin" });
  } catch (error) {
    // Whoever aborted knows why and must not be told that the server is away.
    if (request.signal.aborted) throw error;
    throw offlineError();
  }
}

/** Sends the request and returns only successful answers. Raises ApiError for all others. */
export async function transport(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const renewable = !SIGN_IN_PATHS.includes(pathname) && pathname !== REFRESH_PATH;
  const again = renewable ? request.clone() : null;
  let response = await send(request);
  if (response.status === 401 && again && (await refresh())) response = await send(again);
  if (response.ok) return response;
  if (response.status === 401 && renewable) goToLogin();
  throw await readProblem(response);
}

/** Leaves for the sign-in page, which leads back to where the person was. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  const page = pathname.replace(/\/$/, "");
  if (PUBLIC_PAGES.includes(page)) return;
  window.location.assign(loginPath(pathname + search));
}

/** The address of the sign-in page that leads back to `next`. */
export function loginPath(next: string): string {
  return next === "/" ? "/login/" : `/login/?next=${encodeURIComponent(next)}`;
}
