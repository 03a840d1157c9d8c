/** What the server says when it refuses: RFC 9457 problem details as a typed error. */

export type ProblemItem = { loc: (string | number)[]; code: string; message: string };

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    /** Stable, machine-readable, e.g. "email_taken". */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: ProblemItem[] = [],
    readonly requestId: string | null = null,
  ) {
    super(detail || title);
  }
}

/** Any thrown value as an ApiError, so that a view has one shape to show. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiError(0, "unexpected", "Something went wrong in the browser", detail);
}

/** The request never got an answer. */
export function offlineError(): ApiError {
  const detail = "No answer came. Check the connection and that Watchbill is running, then retry.";
  return new ApiError(0, "unreachable", "The server cannot be reached", detail);
}

/** Reads a refused response; a body that is not problem+json (a proxy's page) still gets a sentence. */
export async function readProblem(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id");
  const body = asRecord(await response.json().catch(() => null));
  const title =
    asText(body.title) || response.statusText || `The server answered ${response.status}`;
  return new ApiError(
    response.status,
    asText(body.code) || `http_${response.status}`,
    title,
    asText(body.detail),
    Array.isArray(body.errors) ? body.errors.map(readItem) : [],
    asText(body.request_id) || requestId,
  );
}

function readItem(item: unknown): ProblemItem {
  const { loc, code, message } = asRecord(item);
  return {
    loc: Array.isArray(loc) ? loc.filter((part) => typeof part !== "object") : [],
    code: asText(code),
    message: asText(message),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
