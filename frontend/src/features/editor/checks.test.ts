/** The problems that are shown are those of the newest flow that the server has seen. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createChecks } from "./checks";
import type { FlowDefinition } from "./model/definition";
import type { Problem } from "./model/problems";
import { createEditorStore } from "./store";
import { research, types } from "./testing/flows";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const problem = (code: string): Problem => ({ code, message: code, severity: "error" });

/** A server that answers when it is told to. */
function begin() {
  const store = createEditorStore(types, research());
  const asked: { flow: FlowDefinition; answer: (problems: Problem[]) => Promise<void> }[] = [];
  const checks = createChecks(
    store,
    (flow) =>
      new Promise((resolve) => {
        const answer = async (problems: Problem[]) => {
          resolve(problems);
          await vi.advanceTimersByTimeAsync(0);
        };
        asked.push({ flow, answer });
      }),
  );
  const codes = () => store.getState().checked?.problems.map(({ code }) => code);
  return { store, asked, checks, codes, end: checks.begin() };
}

it("asks about the flow as it is opened", async () => {
  const { store, asked, codes } = begin();
  expect(asked.map(({ flow }) => flow)).toEqual([store.getState().history.present]);
  await asked[0]?.answer([problem("opened")]);
  expect(codes()).toEqual(["opened"]);
});

it("takes what a save tells, and drops an answer about what was before", async () => {
  const { store, asked, checks, codes } = begin();
  checks.tell(store.getState().history.present, [problem("saved")]);
  await asked[0]?.answer([problem("late")]);
  expect(codes()).toEqual(["saved"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
});

it("asks a while later when the server was too busy, and keeps what it knew until then", async () => {
  const { store, asked, checks, codes } = begin();
  await asked[0]?.answer([problem("opened")]);
  checks.tell(store.getState().history.present, null);
  expect(codes()).toEqual(["opened"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(2);
  await asked[1]?.answer([]);
  expect(codes()).toEqual([]);
});

it("asks again about a flow that was loaded anew, and nothing once it is closed", async () => {
  const { store, asked, codes, checks, end } = begin();
  await asked[0]?.answer([problem("opened")]);
  store.getState().load(research());
  expect(asked).toHaveLength(2);
  checks.tell(store.getState().history.present, null);
  end();
  await asked[1]?.answer([problem("closed")]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked.length, codes()]).toEqual([2, undefined]);
});
