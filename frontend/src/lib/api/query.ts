/** TanStack Query as used here: only faults that may pass are tried again. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./error";

const MAX_RETRIES = 2;
/** Long enough that walking between pages does not refetch, short enough to stay true. */
const STALE_MS = 10_000;

/** A refusal (4xx) says the same thing the second time; a lost answer or a 5xx may not. */
export function shouldRetry(failures: number, error: unknown): boolean {
  if (failures >= MAX_RETRIES || !(error instanceof ApiError)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: shouldRetry, staleTime: STALE_MS },
      mutations: { retry: false },
    },
  });
}
