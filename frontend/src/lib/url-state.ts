"use client";

/** What a page shows (filters, tab, selection), kept in its address so that it can be shared. */
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

type Changes = Record<string, string | null>;

/** The address's parameters, and how to change some of them; null takes one away. */
export function useUrlState(): [URLSearchParams, (changes: Changes) => void] {
  const params = useSearchParams();
  const change = useCallback((changes: Changes) => {
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) next.delete(name);
      else next.set(name, value);
    }
    const query = next.toString();
    // Looking around is not a step to go back over.
    window.history.replaceState(null, "", query ? `?${query}` : window.location.pathname);
  }, []);
  return [params, change];
}
