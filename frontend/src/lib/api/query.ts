/** TanStack Query as used here: only faults that may pass are tried again. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";

const MAX_RETRIES = 2;
/** Whoever has to wait longer is told so instead of being shown nothing. */
const LONGEST_WAIT_S = 5;
/** Queries that were refused together do not come again together. */
const SPREAD_MS = 500;
/** Long enough that walking between pages does not refetch, short enough to stay true. */
const STALE_MS = 10_000;

/** A refusal (4xx) says the same thing the second time; a lost answer, a 5xx or a short wait may not. */
export function shouldRetry(failures: number, error: unknown): boolean {
  if (failures >= MAX_RETRIES || !(error instanceof ApiError)) return false;
  const { status, retryAfter } = error;
  if (retryAfter !== null && retryAfter > LONGEST_WAIT_S) return false;
  return status === 0 || status >= 500 || (status === 429 && retryAfter !== null);
}

/** Milliseconds before the next try: what the server says, else 1 s and then twice as long each time. */
export function retryDelay(failures: number, error: unknown): number {
  const told = error instanceof ApiError ? error.retryAfter : null;
  return told === null ? 1000 * 2 ** failures : told * 1000 + Math.random() * SPREAD_MS;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: shouldRetry, retryDelay, staleTime: STALE_MS },
      mutations: { retry: false },
    },
  });
}
