/** A path out of an address bar never leads off the site. */
import { expect, it } from "vitest";
import elsewhere from "../../e2e/elsewhere.json";
import { safePath } from "./safe-path";

it.each([...elsewhere, null, `/${"a".repeat(500)}`, `/${"/".repeat(400)}evil.test`])(
  "%j leads home",
  (path) => expect(safePath(path)).toBe("/"),
);

it.each(["/", "/flows/edit/?id=1#n", "/executions/?q=%2F%2Fx&a=//b", "/a..b/", "/inbox/#/../x"])(
  "%s is kept",
  (path) => {
    expect(safePath(path)).toBe(path);
    expect(new URL(path, "https://here.test").origin).toBe("https://here.test");
  },
);
