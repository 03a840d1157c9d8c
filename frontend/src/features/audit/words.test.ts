import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { actionsMeant, actionWords, inWords } from "./actions";
import type { AuditEntry } from "./api";
import { actorName, changeWords, targetName, thingName } from "./words";

const entry = (change: Partial<AuditEntry>) => change as AuditEntry;
const REPOSITORY = resolve(process.cwd(), "..");

/** The names of all routes, as the log has them. */
function routes(): string[] {
  const file = resolve(REPOSITORY, "docs/reference/openapi.json");
  const { paths } = JSON.parse(readFileSync(file, "utf8")) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  return Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ operationId }) => /^(.+?)_api_v1_/.exec(operationId)?.[1] ?? []);
}

/** The actions that the operator's commands note. */
function commands(): string[] {
  const file = resolve(REPOSITORY, "backend/src/watchbill/cli/tenants.py");
  const calls = readFileSync(file, "utf8").matchAll(/_tenant\(installation, name, "(\w+)"\)/g);
  return [...calls].flatMap(([, action]) => action ?? []);
}

test("everything that is done has words of its own", () => {
  const actions = [...routes(), ...commands()];
  expect(actions.length).toBeGreaterThan(100);
  expect(actions).toContain("suspend_tenant");
  for (const action of actions) {
    const [done, denied] = [actionWords(action), actionWords(action, "denied")];
    expect([action, done, denied]).toEqual([
      action,
      expect.stringMatching(/^[A-Z][a-z]+( [a-z]+)? \S/),
      expect.stringMatching(/^Tried to [a-z]+ \S/),
    ]);
    // What has words of its own does not read like a command.
    expect(
      done === "Set up single sign-on" ||
        done === "Read the own profile" ||
        done !== inWords(action),
    ).toBe(true);
  }
});

test("says what happened, and what was tried", () => {
  expect(actionWords("invite")).toBe("Invited somebody");
  expect(actionWords("login")).toBe("Signed in");
  expect(actionWords("create_key", "denied")).toBe("Tried to create an API key");
  expect(actionWords("paint_flow")).toBe("Paint flow");
  expect(actionWords("paint_flow", "denied")).toBe("Paint flow: denied");
  expect(actionWords("toString")).toBe("ToString");
});

test("finds actions by the words that are shown for them", () => {
  expect(actionsMeant(" signed IN ")).toEqual(["finish_sso", "login"]);
  expect(actionsMeant("tried to invite")).toEqual(["invite"]);
  expect(actionsMeant("in")).toEqual([]);
  expect(actionsMeant("tried")).toEqual([]);
  expect(actionsMeant("scout")).toEqual([]);
});

test("names become words", () => {
  expect(inWords("create_agent")).toBe("Create agent");
  expect(inWords("")).toBe("");
});

test("says who did it", () => {
  const actor = { kind: "user" as const, id: "1", user_id: "1", name: "sam@example.com" };
  expect(actorName(entry({ actor }))).toBe("sam@example.com");
  expect(actorName(entry({ actor: { ...actor, kind: "key" } }))).toBe(
    "sam@example.com, by API key",
  );
  expect(actorName(entry({ actor: { ...actor, name: null } }))).toBe("Deleted account");
  const system = { ...actor, kind: "system" as const, name: null };
  expect(actorName(entry({ actor: system, permission: "operator" }))).toBe("Operator");
  expect(actorName(entry({ actor: system, permission: null }))).toBe("Not signed in");
});

test("says what it was done to", () => {
  expect(targetName(entry({ target: null }))).toBe("–");
  expect(targetName(entry({ target: { type: "flows", id: "1", name: "Brief" } }))).toBe("Brief");
  expect(targetName(entry({ target: { type: "sign_ins", id: "1", name: null } }))).toBe("Sign-in");
  expect(targetName(entry({ target: { type: "api_keys", id: "1", name: null } }))).toBe("API key");
});

test("says what became of each row", () => {
  const change = { id: "1", name: null, before: {}, after: {} };
  expect(changeWords({ ...change, table: "agents", operation: "create" })).toBe("Agent created");
  expect(changeWords({ ...change, table: "tenants", operation: "update" })).toBe("Tenant changed");
  expect(changeWords({ ...change, table: "new_things", operation: "delete" })).toBe(
    "New things deleted",
  );
});

test("every table whose changes are noted has a name", () => {
  const folder = resolve(REPOSITORY, "backend/src/watchbill/features");
  const features = readFileSync(resolve(folder, "tables.py"), "utf8");
  const named = [...features.matchAll(/features\.(\w+) import tables/g)];
  const tables = named.flatMap(([, feature = ""]) =>
    readFileSync(resolve(folder, feature, "tables.py"), "utf8")
      .split(/^class /m)
      .filter((part) => part.includes("__tablename__") && !part.includes("UNAUDITED"))
      .flatMap((part) => /__tablename__ = "(\w+)"/.exec(part)?.[1] ?? []),
  );
  expect(tables).toContain("invitations");
  const unnamed = tables.filter(
    // The log does not note itself.
    (table) => !table.startsWith("audit_") && thingName(table) === inWords(table),
  );
  expect(unnamed).toEqual([]);
});
