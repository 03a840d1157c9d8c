/** fetch as the interface needs it: cookies, refusals thrown as ApiError, and the way to sign in. */
import { offlineError, readProblem } from "./error";

/** Their 401 is an answer about the form, or about having no session, not about an expired one. */
const SIGN_IN_PATHS = ["/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/logout"];
/** Pages that work without a session. */
const PUBLIC_PAGES = ["/login", "/register"];

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
  const response = await send(request);
  if (response.ok) return response;
  const { pathname } = new URL(request.url);
  if (response.status === 401 && !SIGN_IN_PATHS.includes(pathname)) goToLogin();
  throw await readProblem(response);
}

let leaving = false;

/** Loads another page and drops this one with all it knows; what is refused meanwhile is of no matter. */
export function leaveFor(path: string): void {
  if (leaving) return;
  leaving = true;
  window.location.replace(path);
}

/** Leaves for the sign-in page, which leads back to where the person was. */
export function goToLogin(): void {
  const { pathname, search } = window.location;
  const page = pathname.replace(/\/$/, "");
  if (!PUBLIC_PAGES.includes(page)) leaveFor(loginPath(pathname + search));
}

/** The address of the sign-in page that leads back to `next`. */
export function loginPath(next: string): string {
  return next === "/" ? "/login/" : `/login/?next=${encodeURIComponent(next)}`;
}
