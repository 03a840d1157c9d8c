/** The form of single sign-on, and what it sends. */
import type { Sso, SsoIn } from "./api";
import type { Values } from "./rules";

export const NO_ROLE = "none";

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
