/** What the server says of an answer, at the field it is about. */
import { toApiError } from "@/lib/api/error";

/** By the field's name; under "" what belongs to none. */
export function answerErrors(error: unknown): Record<string, string> {
  const problem = toApiError(error);
  const named = problem.errors.filter(
    ({ loc }) => loc.includes("values") && loc.at(-1) !== "values",
  );
  if (named.length === 0) return { "": problem.message };
  return Object.fromEntries(named.map(({ loc, message }) => [String(loc.at(-1)), message]));
}
