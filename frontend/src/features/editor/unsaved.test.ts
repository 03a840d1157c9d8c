/** Changes that the server does not have come back, and only those. */
import { afterEach, expect, it } from "vitest";
import { writeStored } from "@/lib/stored";
import type { FlowRecord } from "./api";
import { research } from "./testing/flows";
import { keepUnsaved, readUnsaved } from "./unsaved";

const record = { id: "f", name: "Brief", version: 4, definition: research() } as FlowRecord;

afterEach(() => keepUnsaved("f", null));

it("comes back with the version it was made from, long numbers too", () => {
  expect(readUnsaved(record)).toBeNull();
  const [first, ...others] = research().nodes;
  const nodes = [{ ...first!, config: { n: 9007199254740993n } }, ...others];
  const definition = { ...research(), nodes };
  keepUnsaved("f", { definition, version: 3 });
  expect(readUnsaved(record)).toEqual({ definition, version: 3 });
  expect(readUnsaved({ ...record, id: "g" })).toBeNull();
});

it("is forgotten once the server has it", () => {
  keepUnsaved("f", { name: "Brief", definition: research(), version: 3 });
  expect(readUnsaved(record)).toBeNull();
  keepUnsaved("f", { name: "Other", version: 3 });
  expect(readUnsaved(record)).toEqual({ name: "Other", version: 3 });
});

it.each(["{", "1", "null", "[]", '{"version":"x"}'])("takes nothing from %s", (text) => {
  writeStored("unsaved.f", text);
  expect(readUnsaved(record)).toBeNull();
});
