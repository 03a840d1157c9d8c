/**
 * Changes of a flow that the server does not have: kept in this browser, so that no closed window loses them, and given
 * back to nobody but the person who made them. A `place` is that person's and one flow's.
 */
import { parseAnswer, sameJson, writeJson } from "@/lib/json";
import { readStored, storedNames, writeStored } from "@/lib/stored";
import type { FlowRecord } from "./api";
import type { Unsaved } from "./autosave";

/** Which window it is: two of them with the same flow must not take away what the other kept. */
const WINDOW = Math.random().toString(36).slice(2);

type Kept = { at: number; change: Unsaved };

/** Saves without an answer are kept along as far as there is room beside the change itself. */
const MOST_UNANSWERED_CHARACTERS = 400_000;

const prefixOf = (place: string) => `unsaved.${place}.`;

/** Where what a person leaves of a flow is kept: others who sign in here must not find it, nor save it as theirs. */
export const placeOf = (personId: string, flowId: string) => `${personId}.${flowId}`;

/** Null: the server has everything that this window changed. */
export function keepUnsaved(place: string, change: Unsaved | null, window = WINDOW): void {
  const kept = change && writeJson({ at: Date.now(), change: bounded(change) } satisfies Kept);
  writeStored(prefixOf(place) + window, kept);
}

function bounded({ unanswered = [], ...change }: Unsaved): Unsaved {
  const last = unanswered.slice(-2);
  const fits = last.length > 0 && writeJson(last).length < MOST_UNANSWERED_CHARACTERS;
  return fits ? { ...change, unanswered: last } : change;
}

/**
 * What was left unsaved, by this window or else last by any, if the server has not got it meanwhile; `version` is the one
 * that it was made from. It is this window's from now on.
 */
export function readUnsaved(place: string, { name, definition }: FlowRecord): Unsaved | null {
  const own = prefixOf(place) + WINDOW;
  const found = storedNames(prefixOf(place)).flatMap((stored) => {
    const kept = read(stored);
    if (kept === null) return [];
    const { change } = kept;
    const same =
      (change.name === undefined || change.name === name) &&
      (change.definition === undefined || sameJson(change.definition, definition));
    // The server has it, so nobody needs it any more.
    if (same) writeStored(stored, null);
    return same ? [] : [{ stored, ...kept }];
  });
  const latest =
    found.find(({ stored }) => stored === own) ?? found.sort((one, other) => other.at - one.at)[0];
  if (!latest) return null;
  keepUnsaved(place, latest.change);
  if (latest.stored !== own) writeStored(latest.stored, null);
  return latest.change;
}

function read(stored: string): Kept | null {
  try {
    const value = parseAnswer(readStored(stored) ?? "null") as Kept | null;
    return typeof value?.at === "number" && typeof value.change?.version === "number"
      ? value
      : null;
  } catch {
    // Somebody else wrote it: there is nothing to go on with.
    return null;
  }
}

const leaving = new Map<string, Promise<void>>();

/** Notes that an editor of the flow was closed and still saves: what it could not save is kept. */
export function leave(
  place: string,
  flowId: string,
  saved: Promise<unknown>,
  unsaved: () => Unsaved | null,
) {
  keepUnsaved(place, unsaved());
  const done = saved.then(() => keepUnsaved(place, unsaved()));
  leaving.set(flowId, done);
  void done.then(() => leaving.get(flowId) === done && leaving.delete(flowId));
}

/** Waits until an editor of the flow that was closed in this window has saved: what it saves is what is to be opened. */
export async function whenLeft(flowId: string): Promise<void> {
  await leaving.get(flowId);
}
