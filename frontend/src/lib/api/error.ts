/** What the server says when it refuses: RFC 9457 problem details as a typed error. */

import { formatDuration } from "@/lib/format";

export type ProblemItem = { loc: (string | number)[]; code: string; message: string };

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly errors: ProblemItem[];
  readonly requestId: string | null;
  /** Seconds after which the server wants to be asked again; null when it did not say. */
  readonly retryAfter: number | null;

  constructor(
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    /** Stable, machine-readable, e.g. "email_taken". */
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    more: Partial<Pick<ApiError, "errors" | "requestId" | "retryAfter">> = {},
  ) {
    super(detail || title);
    this.errors = more.errors ?? [];
    this.requestId = more.requestId ?? null;
    this.retryAfter = more.retryAfter ?? null;
  }
}

/** Any thrown value as an ApiError, so that a view has one shape to show. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiError(0, "unexpected", "Something went wrong in the browser", detail);
}

/** A refusal says the same thing the second time; too many requests, faults and silence may pass. */
export function isLasting({ status }: ApiError): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The request never got an answer. */
export function offlineError(): ApiError {
  const detail =
    "The server did not answer. Check your connection and that Watchbill is running, then try again.";
  return new ApiError(0, "unreachable", "The server cannot be reached", detail);
}

/** Reads a refused response; a body that is not problem+json (a proxy's page) still gets a sentence. */
export async function readProblem(response: Response): Promise<ApiError> {
  const { status, headers } = response;
  const retryAfter = readSeconds(headers.get("retry-after"));
  const body = asRecord(await response.json().catch(() => null));
  const title = asText(body.title) || response.statusText || words(status);
  const wait = retryAfter === null ? "" : `Try again in ${formatDuration(retryAfter * 1000)}.`;
  return new ApiError(
    status,
    asText(body.code) || `http_${status}`,
    title,
    asText(body.detail) || wait,
    {
      errors: Array.isArray(body.errors) ? body.errors.map(readItem) : [],
      requestId: asText(body.request_id) || headers.get("x-request-id"),
      retryAfter,
    },
  );
}

function words(status: number): string {
  return status === 429 ? "Too many requests" : `The server answered ${status}`;
}

/** A Retry-After header, which holds seconds or a date, as seconds from now. */
function readSeconds(header: string | null): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Number(header);
  const date = header.endsWith(" GMT") ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
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
