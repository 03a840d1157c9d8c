/** Autosave sends every change once, in order, and never over somebody else's work unasked. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, offlineError } from "@/lib/api/error";
import type { FlowChange } from "./api";
import { createAutosave, type Draft, type SaveState } from "./autosave";
import { research } from "./testing/flows";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A server that holds one flow and refuses stale versions. */
function server(unanswered?: Draft[]) {
  const state = {
    version: 1,
    name: "",
    saves: [] as FlowChange[],
    down: false,
    /** It does what it is told, and the answer gets lost. */
    mute: false,
    refuses: false,
    /** Seconds that it asks to be left alone for. */
    busy: 0,
    /** It answers after so many milliseconds. */
    takesMs: 0,
    /** Whenever it was asked to save, in milliseconds. */
    asked: [] as number[],
    /** How many saves outlive the page. */
    outliving: 0,
  };
  const definition = research();
  const save = async (change: FlowChange, leaving: boolean): Promise<{ version: number }> => {
    state.asked.push(Date.now());
    if (leaving) state.outliving += 1;
    if (state.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, state.takesMs));
    if (state.busy > 0) {
      throw new ApiError(429, "too_many", "Busy", "", { retryAfter: state.busy });
    }
    if (state.down) throw new ApiError(0, "unreachable", "Away", "The server is away.");
    if (state.refuses) throw new ApiError(422, "invalid", "Wrong", "It is wrong.");
    if (change.version !== state.version) throw new ApiError(409, "stale", "Stale", "");
    state.saves.push(change);
    state.version += 1;
    state.name = change.name ?? state.name;
    if (state.mute) throw offlineError();
    return { version: state.version };
  };
  const states: SaveState["kind"][] = [];
  const told: SaveState[] = [];
  const autosave = createAutosave({
    version: 1,
    unanswered,
    save,
    current: async () => {
      if (state.down) throw offlineError();
      return { version: state.version, name: state.name, definition };
    },
    onState: (next) => {
      states.push(next.kind);
      told.push(next);
    },
  });
  return { state, states, told, autosave };
}

describe("autosave", () => {
  it("waits for a pause and sends the latest", async () => {
    const { state, states, autosave } = server();
    autosave.changed({ name: "a" });
    autosave.changed({ name: "b" });
    await vi.runAllTimersAsync();
    expect(state.saves).toEqual([{ name: "b", version: 1 }]);
    expect(states).toEqual(["unsaved", "unsaved", "saving", "saved"]);
    expect(autosave.dirty).toBe(false);
  });

  it("sends what changed while it was saving", async () => {
    const { state, autosave } = server();
    autosave.changed({ name: "a" });
    const saving = autosave.flush();
    autosave.changed({ name: "b" });
    expect(await saving).toBe(true);
    expect(state.saves.map((save) => save.name)).toEqual(["a", "b"]);
    expect(state.saves.map((save) => save.version)).toEqual([1, 2]);
  });

  it("keeps what could not be saved", async () => {
    const { state, states, autosave } = server();
    state.down = true;
    autosave.changed({ name: "a" });
    expect(await autosave.flush()).toBe(false);
    expect(states.at(-1)).toBe("failed");
    state.down = false;
    expect(await autosave.flush()).toBe(true);
    expect(state.name).toBe("a");
  });

  it("tells what the server is not known to have", async () => {
    const { state, autosave } = server();
    expect(autosave.unsaved).toBeNull();
    autosave.changed({ name: "a" });
    const saving = autosave.flush();
    expect(autosave.unsaved).toMatchObject({ name: "a", version: 1 });
    await saving;
    expect(autosave.unsaved).toBeNull();
    state.down = true;
    autosave.changed({ name: "b" });
    await autosave.flush();
    expect(autosave.unsaved).toEqual({ name: "b", version: 2, unanswered: [{ name: "b" }] });
    autosave.adopt(3);
    expect(autosave.unsaved).toBeNull();
  });

  it("stops at a conflict until told to overwrite", async () => {
    const { state, states, autosave } = server();
    state.version = 5;
    autosave.changed({ name: "mine" });
    await vi.runAllTimersAsync();
    autosave.changed({ name: "mine too" });
    await vi.runAllTimersAsync();
    expect(state.saves).toEqual([]);
    expect(states.at(-1)).toBe("conflict");
    expect(await autosave.overwrite()).toBe(true);
    expect(state.name).toBe("mine too");
  });

  it("tries again by itself what may pass, and not what was refused", async () => {
    const { state, told, autosave } = server();
    state.down = true;
    autosave.changed({ name: "a" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.at(-1)).toMatchObject({ kind: "failed", again: true });
    state.down = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect([state.name, told.at(-1)?.kind]).toEqual(["a", "saved"]);
    state.refuses = true;
    autosave.changed({ name: "b" });
    await vi.runAllTimersAsync();
    expect(told.at(-1)).toMatchObject({ kind: "failed", again: false });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tries once and no more when nobody waits for it", async () => {
    const { state, autosave } = server();
    state.down = true;
    autosave.changed({ name: "a" });
    expect(await autosave.leave()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(autosave.unsaved).toMatchObject({ name: "a", version: 1 });
  });

  it("knows its own save again whose answer was lost", async () => {
    const { state, states, autosave } = server();
    state.mute = true;
    autosave.changed({ name: "a" });
    expect(await autosave.flush()).toBe(false);
    state.mute = false;
    autosave.changed({ name: "b" });
    expect(await autosave.flush()).toBe(true);
    expect(states).not.toContain("conflict");
    expect(state.saves.map(({ name, version }) => [name, version])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it.each([
    ["another name", 2, "theirs"],
    ["the same name, and more below it", 3, "a"],
  ])("takes nobody else's save for its own: %s", async (_, version, name) => {
    const { state, states, autosave } = server();
    state.down = true;
    autosave.changed({ name: "a" });
    await autosave.flush();
    Object.assign(state, { down: false, version, name });
    expect(await autosave.flush()).toBe(false);
    expect(states.at(-1)).toBe("conflict");
    expect(state.saves).toEqual([]);
  });

  it("goes on asking when overwriting finds nobody", async () => {
    const { state, states, autosave } = server();
    state.version = 5;
    autosave.changed({ name: "mine" });
    await autosave.flush();
    state.down = true;
    await expect(autosave.overwrite()).rejects.toThrow(ApiError);
    state.down = false;
    expect(states.at(-1)).toBe("conflict");
    expect(await autosave.overwrite()).toBe(true);
    expect(state.name).toBe("mine");
  });

  it("goes on from the server's version after reloading", async () => {
    const { state, autosave } = server();
    state.version = 5;
    autosave.changed({ name: "mine" });
    await autosave.flush();
    autosave.adopt(5);
    autosave.changed({ name: "next" });
    expect(await autosave.flush()).toBe(true);
    expect(state.saves).toEqual([{ name: "next", version: 5 }]);
  });

  it("saves seldom while somebody goes on typing, however slow the server is", async () => {
    for (const takesMs of [0, 300, 1500]) {
      const { state, autosave } = server();
      state.takesMs = takesMs;
      const begun = Date.now();
      // A word a second for a minute, with a pause after each in which it may save.
      for (let word = 0; word < 60; word += 1) {
        autosave.changed({ name: `${word}` });
        await vi.advanceTimersByTimeAsync(1000);
      }
      await vi.advanceTimersByTimeAsync(10_000);
      expect(state.name).toBe("59");
      const minute = state.asked.filter((at) => at < begun + 60_000);
      expect(minute.length).toBeLessThanOrEqual(31);
      // Nor is it saved only when they stop.
      expect(minute.length).toBeGreaterThanOrEqual(15);
      autosave.adopt(1);
    }
  });

  it("leaves a server alone for as long as it asks, whatever is typed meanwhile", async () => {
    const { state, told, autosave } = server();
    state.busy = 20;
    const begun = Date.now();
    autosave.changed({ name: "a" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(told.at(-1)).toMatchObject({ kind: "failed", again: true });
    state.busy = 0;
    for (let word = 0; word < 15; word += 1) {
      autosave.changed({ name: `b${word}` });
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(state.asked).toEqual([begun + 800]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([state.name, state.asked.length]).toEqual(["b14", 2]);
    expect(state.asked[1]).toBeGreaterThanOrEqual(begun + 800 + 20_000);
  });

  it("waits longer each time, a minute at most, and not at all when it is told to save", async () => {
    const { state, autosave } = server();
    state.down = true;
    autosave.changed({ name: "a" });
    await vi.advanceTimersByTimeAsync(400_000);
    const pauses = state.asked.slice(1).map((at, index) => at - (state.asked[index] ?? 0));
    expect(pauses.slice(0, 6)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
    expect(Math.max(...pauses)).toBe(60_000);
    // The network is there again, or somebody wants to know.
    state.down = false;
    expect(await autosave.flush()).toBe(true);
    expect(state.name).toBe("a");
    state.down = true;
    const before = state.asked.length;
    autosave.changed({ name: "b" });
    await vi.advanceTimersByTimeAsync(2_900);
    expect(state.asked.length).toBe(before + 1);
  });

  it("sends once what two ask to save at the same time", async () => {
    const { state, autosave } = server();
    state.takesMs = 100;
    autosave.changed({ name: "a" });
    const both = Promise.all([autosave.flush(), autosave.flush()]);
    await vi.runAllTimersAsync();
    expect(await both).toEqual([true, true]);
    expect(state.saves.map(({ name }) => name)).toEqual(["a"]);
  });

  it("sends what is unsaved when the page closes, and knows it again when the page comes back", async () => {
    const { state, states, autosave } = server();
    autosave.close();
    expect(state.asked).toEqual([]);
    autosave.changed({ name: "a" });
    autosave.close();
    expect([state.outliving, state.name]).toEqual([1, "a"]);
    expect(autosave.unsaved).toEqual({ name: "a", version: 1, unanswered: [{ name: "a" }] });
    autosave.changed({ name: "b" });
    expect(await autosave.flush()).toBe(true);
    expect([state.name, state.version]).toEqual(["b", 3]);
    expect(states).not.toContain("conflict");
  });

  it("does not send again what was refused when the page closes, but what was changed since", async () => {
    const { state, autosave } = server();
    state.refuses = true;
    autosave.changed({ name: "a" });
    await autosave.flush();
    autosave.hasten();
    autosave.close();
    await vi.advanceTimersByTimeAsync(0);
    expect([state.asked.length, state.outliving]).toEqual([1, 0]);
    autosave.changed({ name: "b" });
    autosave.close();
    await vi.runAllTimersAsync();
    expect(state.outliving).toBe(1);
  });

  it("knows what an earlier page sent and never heard of", async () => {
    const { state, states, autosave } = server([{ name: "a" }]);
    Object.assign(state, { version: 2, name: "a" });
    autosave.changed({ name: "ab" });
    expect(await autosave.flush()).toBe(true);
    expect([state.name, states.includes("conflict")]).toEqual(["ab", false]);
  });

  it("asks, also when the page closes, before it saves over somebody else's version", async () => {
    const { state, autosave } = server();
    Object.assign(state, { version: 5, name: "theirs" });
    autosave.changed({ name: "mine" });
    await autosave.flush();
    autosave.close();
    await vi.runAllTimersAsync();
    expect([state.name, state.outliving]).toEqual(["theirs", 0]);
  });
});
