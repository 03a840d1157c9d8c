/** The form of single sign-on, and what it sends. */
import * as z from "zod/mini";
import type { Sso, SsoIn } from "./api";

export const NO_ROLE = "none";

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

export function toValues(sso: Sso): Values {
  return {
    issuer: sso.issuer ?? "",
    client_id: sso.client_id ?? "",
    client_secret: "",
    domains: sso.domains ?? [],
    default_role: sso.default_role ?? NO_ROLE,
    role_claim: sso.role_claim ?? "",
    roles: sso.roles ?? {},
    is_active: sso.issuer ? (sso.is_active ?? false) : true,
  };
}

/** An empty secret means that the stored one stays. */
export function toBody(values: Values): SsoIn {
  return {
    ...values,
    client_secret: values.client_secret || null,
    default_role: values.default_role === NO_ROLE ? null : values.default_role,
    role_claim: values.role_claim || null,
    roles: values.role_claim ? (values.roles as SsoIn["roles"]) : {},
  };
}
