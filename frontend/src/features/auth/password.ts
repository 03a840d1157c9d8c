/** What a password must be. */
import * as z from "zod/mini";

const SHORTEST = 10;

export const PASSWORD_HINT = `At least ${SHORTEST} characters. A short sentence is easy to remember.`;

export const passwordRule = z
  .string()
  .check(
    z.minLength(SHORTEST, `Use at least ${SHORTEST} characters.`),
    z.maxLength(128, "Use at most 128 characters."),
  );
