/** What a tenant's name must be. */
import * as z from "zod";

export const tenantNameRule = z
  .string()
  .trim()
  .min(1, "Name your team or company.")
  .max(200, "Use at most 200 characters.");
