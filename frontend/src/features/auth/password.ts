/** What a password must be. */
import * as z from "zod/mini";
import { SHORTEST_PASSWORD } from "./password-hint";

export const passwordRule = z
  .string()
  .check(
    z.minLength(SHORTEST_PASSWORD, `Use at least ${SHORTEST_PASSWORD} characters.`),
    z.maxLength(128, "Use at most 128 characters."),
  );
