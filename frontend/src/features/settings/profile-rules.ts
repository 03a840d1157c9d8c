/** What a name and a new password must be. */
import { zodResolver } from "@hookform/resolvers/zod";
import * as z from "zod/mini";
import { passwordRule } from "@/features/auth";

export const nameRules = zodResolver(
  z.object({
    full_name: z.string().check(z.trim(), z.maxLength(200, "Use at most 200 characters.")),
  }),
);

export const passwordRules = zodResolver(
  z.object({
    current_password: z.string().check(z.minLength(1, "Enter the password you have now.")),
    new_password: passwordRule,
  }),
);
