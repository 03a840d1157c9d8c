/** What single sign-on must be set up with. */
import { zodResolver } from "@hookform/resolvers/zod";
import * as z from "zod/mini";
import { NO_ROLE } from "./form";

export const schema = z.object({
  issuer: z.url("Enter the provider's address, like https://login.example.com."),
  client_id: z
    .string()
    .check(z.trim(), z.minLength(1, "Enter the client id that the provider gave Watchbill.")),
  client_secret: z.string(),
  domains: z.array(z.string()).check(z.minLength(1, "Enter at least one mail domain.")),
  default_role: z.enum(["admin", "member", "viewer", NO_ROLE]),
  role_claim: z.string().check(z.trim()),
  roles: z.record(z.string(), z.string()),
  is_active: z.boolean(),
});

export type Values = z.infer<typeof schema>;

export const rules = zodResolver(schema);
