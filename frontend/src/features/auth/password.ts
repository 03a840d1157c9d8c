/** What a password must be. */
import * as z from "zod";

const SHORTEST = 10;

export const PASSWORD_HINT = `At least ${SHORTEST} characters. A short sentence is easy to remember.`;

export const passwordRule = z
  .string()
  .min(SHORTEST, `Use at least ${SHORTEST} characters.`)
  .max(128, "Use at most 128 characters.");
