/** What a tenant's name must be. */
import * as z from "zod/mini";

export const tenantNameRule = z
  .string()
  .check(
    z.trim(),
    z.minLength(1, "Name your team or company."),
    z.maxLength(200, "Use at most 200 characters."),
  );
