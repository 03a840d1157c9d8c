/** The address after signing in never leads off the site. */
import { expect, it } from "vitest";
import { safeNext } from "./session";

it.each([
  [null, "/"],
  ["", "/"],
  ["/flows/edit/?id=1#n", "/flows/edit/?id=1#n"],
  ["https://evil.example/", "/"],
  ["//evil.example/", "/"],
  ["/\\evil.example/", "/"],
  ["/\t/evil.example/", "/"],
  ["javascript:alert(1)", "/"],
])("%s leads to %s", (next, path) => expect(safeNext(next)).toBe(path));
