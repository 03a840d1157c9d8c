/** fetch as the interface needs it: cookies, refusals thrown as ApiError, a session that renews itself. */
import { offlineError, readProblem } from "./error";

const AUTH = "/api/v1/auth";
/** Their 401 is an answer about the form, or about having no session, not about one that needs renewing. */
const WITHOUT_SESSION = [
  "login",
  "register",
  "register/send",
  "logout",
  "refresh",
  "forgot-password",
  "reset-password",
  "verify-email",
  "invitation",
  "invitation/accept",
]
  .map((name) => `${AUTH}/${name}`)
  .concat("/api/v1/mailed-approvals", "/api/v1/mailed-approvals/answer");
/** Pages that work without a session. */
const PUBLIC_PAGES = [
  "/login",
  "/register",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/invitation",
  "/answer",
  "/confirm-address",
];

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
  if (WITHOUT_SESSION.includes(pathname)) return accepted(await send(request));
  // A body can be read once only; this one is for the second try.
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401) return accepted(response);
  let refused = response;
  if (await renew()) {
    // The answer from before is of no use, wherever it is kept.
    refused = await send(new Request(again, { cache: "no-store" }));
    if (refused.status !== 401) return accepted(refused);
  }
  goToLogin();
  throw await readProblem(refused);
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw await readProblem(response);
}

let renewing: Promise<boolean> | null = null;

/** Gets the next access token; false when the session is over. All who wait share one request. */
function renew(): Promise<boolean> {
  renewing ??= send(new Request(new URL(`${AUTH}/refresh`, window.location.origin), POST))
    .then(async (response) => {
      if (!response.ok && response.status !== 401) throw await readProblem(response);
      return response.ok;
    })
    .finally(() => (renewing = null));
  return renewing;
}

const POST = { method: "POST" };

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
