/** Autosave sends every change once, in order, and never over somebody else's work unasked. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, offlineError } from "@/lib/api/error";
import type { FlowChange } from "./api";
import { createAutosave, type SaveState } from "./autosave";
import { research } from "./testing/flows";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A server that holds one flow and refuses stale versions. */
function server() {
  const state = {
    version: 1,
    name: "",
    saves: [] as FlowChange[],
    down: false,
    /** It does what it is told, and the answer gets lost. */
    mute: false,
    refuses: false,
  };
  const definition = research();
  const save = async (change: FlowChange): Promise<{ version: number }> => {
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
    expect(autosave.unsaved).toEqual({ name: "a", version: 1 });
    await saving;
    expect(autosave.unsaved).toBeNull();
    state.down = true;
    autosave.changed({ name: "b" });
    await autosave.flush();
    expect(autosave.unsaved).toEqual({ name: "b", version: 2 });
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
    expect(autosave.unsaved).toEqual({ name: "a", version: 1 });
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
});
