/** Changes that the server does not have come back, and only those. */
import { afterEach, expect, it } from "vitest";
import { forgetAbout, writeStored } from "@/lib/stored";
import type { FlowRecord } from "./api";
import { research } from "./testing/flows";
import { readDrafts, writeDrafts } from "./drafts";
import { keepUnsaved, leave, placeOf, readUnsaved, whenLeft } from "./unsaved";

const record = { id: "f", name: "Brief", version: 4, definition: research() } as FlowRecord;

const MINE = placeOf("me", "f");

afterEach(() => keepUnsaved(MINE, null));

it("comes back with the version it was made from, long numbers too", () => {
  expect(readUnsaved(MINE, record)).toBeNull();
  const [first, ...others] = research().nodes;
  const nodes = [{ ...first!, config: { n: 9007199254740993n } }, ...others];
  const definition = { ...research(), nodes };
  keepUnsaved(MINE, { definition, version: 3 });
  expect(readUnsaved(MINE, record)).toEqual({ definition, version: 3 });
  expect(readUnsaved(placeOf("me", "g"), { ...record, id: "g" })).toBeNull();
});

it("is forgotten once the server has it", () => {
  keepUnsaved(MINE, { name: "Brief", definition: research(), version: 3 });
  expect(readUnsaved(MINE, record)).toBeNull();
  keepUnsaved(MINE, { name: "Other", version: 3 });
  expect(readUnsaved(MINE, record)).toEqual({ name: "Other", version: 3 });
});

it("is forgotten with its flow, whoever left it, and nothing else is", () => {
  const others = [placeOf("me", "ff"), placeOf("me", "f2")];
  const own = [MINE, placeOf("you", "f")];
  for (const place of [...own, ...others]) {
    keepUnsaved(place, { name: "Mine", version: 3 }, "closed");
    writeDrafts(place, { ask: { schema: "{" } });
  }
  forgetAbout("f");
  const left = (place: string) => [readUnsaved(place, record), readDrafts(place).ask];
  expect(own.map(left)).toEqual([
    [null, undefined],
    [null, undefined],
  ]);
  for (const place of others) {
    expect(left(place)).toEqual([{ name: "Mine", version: 3 }, { schema: "{" }]);
    keepUnsaved(place, null);
    writeDrafts(place, {});
  }
});

it("leaves to each window what is its own", () => {
  keepUnsaved(MINE, { name: "Mine", version: 3 });
  keepUnsaved(MINE, { name: "Theirs", version: 3 }, "theirs");
  keepUnsaved(MINE, { name: "Older", version: 2 }, "older");
  // One that has nothing to keep takes nothing away.
  keepUnsaved(MINE, null, "third");
  expect(readUnsaved(MINE, record)).toEqual({ name: "Mine", version: 3 });
  keepUnsaved(MINE, null);
  const rest = [readUnsaved(MINE, record)?.name];
  keepUnsaved(MINE, null);
  rest.push(readUnsaved(MINE, record)?.name);
  keepUnsaved(MINE, null);
  expect(rest.sort()).toEqual(["Older", "Theirs"]);
  expect(readUnsaved(MINE, record)).toBeNull();
});

it("gives nobody what somebody else left in the same browser", () => {
  keepUnsaved(MINE, { name: "Mine", version: 3 }, "closed");
  writeDrafts(MINE, { ask: { schema: "{" } });
  expect(readUnsaved(placeOf("you", "f"), record)).toBeNull();
  expect(readDrafts(placeOf("you", "f"))).toEqual({});
  keepUnsaved(placeOf("you", "f"), null);
  writeDrafts(placeOf("you", "f"), {});
  expect(readDrafts(MINE)).toEqual({ ask: { schema: "{" } });
  expect(readUnsaved(MINE, record)).toEqual({ name: "Mine", version: 3 });
  writeDrafts(MINE, {});
});

it("keeps what a closed editor could not save, and has the next one wait for it", async () => {
  let end: (saved: boolean) => void = () => {};
  let unsaved: { name: string; version: number } | null = { name: "Late", version: 4 };
  const saved = new Promise<boolean>((resolve) => (end = resolve));
  leave(MINE, "f", saved, () => unsaved);
  expect(readUnsaved(MINE, record)).toEqual({ name: "Late", version: 4 });
  const opened: string[] = [];
  const waiting = whenLeft("f").then(() => opened.push("f"));
  await whenLeft("g").then(() => opened.push("g"));
  unsaved = null;
  end(true);
  await waiting;
  expect(opened).toEqual(["g", "f"]);
  expect(readUnsaved(MINE, record)).toBeNull();
});

it.each(["{", "1", "null", "[]", '{"at":1,"change":{"version":"x"}}'])(
  "takes nothing from %s",
  (text) => {
    writeStored(`unsaved.${MINE}.x`, text);
    expect(readUnsaved(MINE, record)).toBeNull();
    writeStored(`unsaved.${MINE}.x`, null);
  },
);

it("comes back with the last saves that no answer came to, as far as there is room", () => {
  const sent = ["a", "ab", "abc"].map((name) => ({ name }));
  keepUnsaved(MINE, { name: "abcd", version: 3, unanswered: sent });
  expect(readUnsaved(MINE, record)?.unanswered).toEqual(sent.slice(-2));
  keepUnsaved(MINE, { name: "abcd", version: 3, unanswered: [{ name: "x".repeat(500_000) }] });
  expect(readUnsaved(MINE, record)).toEqual({ name: "abcd", version: 3 });
});
