import { expect, test } from "vitest";
import type { AuditEntry } from "./api";
import { actorName, inWords, targetName } from "./words";

const entry = (change: Partial<AuditEntry>) => change as AuditEntry;

test("names become words", () => {
  expect(inWords("create_agent")).toBe("Create agent");
  expect(inWords("llm_providers")).toBe("Llm providers");
  expect(inWords("")).toBe("");
});

test("says who did it", () => {
  const actor = { kind: "user" as const, id: "1", user_id: "1", name: "sam@example.com" };
  expect(actorName(entry({ actor }))).toBe("sam@example.com");
  expect(actorName(entry({ actor: { ...actor, kind: "key" } }))).toBe(
    "sam@example.com, by API key",
  );
  expect(actorName(entry({ actor: { ...actor, name: null } }))).toBe("Somebody who is gone");
  expect(actorName(entry({ actor: { ...actor, kind: "system", name: null } }))).toBe("Operator");
});

test("says what it was done to", () => {
  expect(targetName(entry({ target: null }))).toBe("–");
  expect(targetName(entry({ target: { type: "flows", id: "1", name: "Brief" } }))).toBe("Brief");
  expect(targetName(entry({ target: { type: "sign_ins", id: "1", name: null } }))).toBe("Sign-in");
  expect(targetName(entry({ target: { type: "api_keys", id: "1", name: null } }))).toBe("Api keys");
});
