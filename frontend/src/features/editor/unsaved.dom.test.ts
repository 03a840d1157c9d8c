/** What is not saved is still there where the browser keeps nothing, and leaves nothing behind. */
import { afterEach, expect, it, vi } from "vitest";
import { storedNames } from "@/lib/stored";
import type { FlowRecord } from "./api";
import { research } from "./testing/flows";
import { keepUnsaved, placeOf, readUnsaved } from "./unsaved";

const record = { id: "f", name: "Brief", version: 4, definition: research() } as FlowRecord;
const MINE = placeOf("me", "f");

function refuse(name: "getItem" | "setItem" | "removeItem", why: string) {
  return vi.spyOn(Storage.prototype, name).mockImplementation(() => {
    throw new DOMException(why, why);
  });
}

afterEach(() => vi.restoreAllMocks());

it("prefers what a full browser could not take to what it took before", () => {
  keepUnsaved(MINE, { name: "Old", version: 3 });
  const full = refuse("setItem", "QuotaExceededError");
  keepUnsaved(MINE, { name: "New", version: 3 });
  expect(readUnsaved(MINE, record)).toEqual({ name: "New", version: 3 });
  keepUnsaved(MINE, null);
  expect(readUnsaved(MINE, record)).toBeNull();
  full.mockRestore();
  expect(storedNames("unsaved.")).toEqual([]);
});

it("holds until the page closes where storage is switched off", () => {
  for (const name of ["getItem", "setItem", "removeItem"] as const) refuse(name, "SecurityError");
  keepUnsaved(MINE, { name: "New", version: 3 });
  expect(readUnsaved(MINE, record)).toEqual({ name: "New", version: 3 });
  expect(readUnsaved(placeOf("you", "f"), record)).toBeNull();
  keepUnsaved(MINE, null);
  expect(readUnsaved(MINE, record)).toBeNull();
});
