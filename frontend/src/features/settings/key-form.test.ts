/** A key asks for what was chosen, and for no more. */
import { describe, expect, it } from "vitest";
import { keySchema, newKey, toKey } from "./key-form";

const now = Date.parse("2026-01-01T00:00:00Z");

describe("a new key", () => {
  it("lasts as many days as chosen", () => {
    expect(toKey({ ...newKey, lifetime: "30" }, now).expires_at).toBe("2026-01-31T00:00:00.000Z");
    expect(toKey({ ...newKey, lifetime: "never" }, now).expires_at).toBeNull();
  });
  it("for some flows leaves out what is about other things", () => {
    const values = {
      ...newKey,
      scopes: ["agents:read", "flows:read", "triggers:write"],
      flow_ids: ["f"],
    };
    const scopes = ["flows:read", "triggers:write"];
    expect(toKey(values, now)).toMatchObject({ scopes, flow_ids: ["f"] });
    expect(toKey({ ...values, flow_ids: [] }, now)).toMatchObject({
      scopes: values.scopes,
      flow_ids: null,
    });
  });
  it("must be allowed something", () => {
    const values = { ...newKey, name: "k", scopes: ["agents:read"], flow_ids: ["f"] };
    expect(keySchema.safeParse(values).success).toBe(false);
    expect(keySchema.safeParse({ ...values, flow_ids: [] }).success).toBe(true);
  });
});
