/** Changes that the server does not have come back, and only those. */
import { afterEach, expect, it } from "vitest";
import { writeStored } from "@/lib/stored";
import type { FlowRecord } from "./api";
import { research } from "./testing/flows";
import { keepUnsaved, leave, readUnsaved, whenLeft } from "./unsaved";

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

it("leaves to each window what is its own", () => {
  keepUnsaved("f", { name: "Mine", version: 3 });
  keepUnsaved("f", { name: "Theirs", version: 3 }, "theirs");
  keepUnsaved("f", { name: "Older", version: 2 }, "older");
  // One that has nothing to keep takes nothing away.
  keepUnsaved("f", null, "third");
  expect(readUnsaved(record)).toEqual({ name: "Mine", version: 3 });
  keepUnsaved("f", null);
  const rest = [readUnsaved(record)?.name];
  keepUnsaved("f", null);
  rest.push(readUnsaved(record)?.name);
  keepUnsaved("f", null);
  expect(rest.sort()).toEqual(["Older", "Theirs"]);
  expect(readUnsaved(record)).toBeNull();
});

it("keeps what a closed editor could not save, and has the next one wait for it", async () => {
  let end: (saved: boolean) => void = () => {};
  let unsaved: { name: string; version: number } | null = { name: "Late", version: 4 };
  const saved = new Promise<boolean>((resolve) => (end = resolve));
  leave("f", saved, () => unsaved);
  expect(readUnsaved(record)).toEqual({ name: "Late", version: 4 });
  const opened: string[] = [];
  const waiting = whenLeft("f").then(() => opened.push("f"));
  await whenLeft("g").then(() => opened.push("g"));
  unsaved = null;
  end(true);
  await waiting;
  expect(opened).toEqual(["g", "f"]);
  expect(readUnsaved(record)).toBeNull();
});

it.each(["{", "1", "null", "[]", '{"at":1,"change":{"version":"x"}}'])(
  "takes nothing from %s",
  (text) => {
    writeStored("unsaved.f.x", text);
    expect(readUnsaved(record)).toBeNull();
    writeStored("unsaved.f.x", null);
  },
);
