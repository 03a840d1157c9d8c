import { expect, test } from "vitest";
import { toBody, toValues } from "./form";
import { schema } from "./rules";

const stored = {
  issuer: "https://login.example.com",
  client_id: "watchbill",
  has_secret: true,
  domains: ["example.com"],
  proofs: [],
  role_claim: "groups",
  roles: { crew: "member" as const },
  default_role: null,
  is_active: true,
  redirect_uri: "https://watchbill.example.com/api/v1/auth/sso/callback",
};

test("what is stored comes back unchanged, and the secret stays where it is", () => {
  const body = toBody(toValues(stored));
  expect(body).toMatchObject({
    issuer: stored.issuer,
    domains: ["example.com"],
    roles: { crew: "member" },
    default_role: null,
    client_secret: null,
  });
});

test("roles without a claim to read them from are not sent", () => {
  expect(toBody({ ...toValues(stored), role_claim: "" })).toMatchObject({
    role_claim: null,
    roles: {},
  });
});

test("a first set-up is switched on, and asks for what is missing", () => {
  const values = toValues({ redirect_uri: "" } as never);
  expect(values.is_active).toBe(true);
  const fields = schema.safeParse(values).error?.issues.map(({ path }) => path[0]);
  expect(fields).toEqual(["issuer", "client_id", "domains"]);
});
