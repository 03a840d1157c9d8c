"use client";

/** Keeps the server's copy of the flow up to date, and the problems it finds. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { toast } from "@/components/toast";
import { flowKey, getFlow, saveFlow, type FlowRecord } from "./api";
import { createAutosave, type SaveState } from "./autosave";
import { createChecks } from "./checks";
import { openDefinition } from "./model/places";
import type { EditorStore } from "./store";
import { keepUnsaved, leave, readUnsaved } from "./unsaved";

export type FlowSync = {
  state: SaveState;
  name: string;
  /** The newest published version, and whether the draft differs from it; null before the first. */
  published: { number: number; changed: boolean } | null;
  rename: (name: string) => void;
  /** Saves now; true when the server has everything. */
  flush: () => Promise<boolean>;
  reload: () => Promise<void>;
  overwrite: () => void;
  /** Takes over the version after something else changed the flow, such as publishing. */
  refresh: () => Promise<void>;
};

/** `place`: where this person's changes are kept. `readOnly`: nothing is saved, so nothing that was not is brought back. */
export function useFlowSync(
  store: EditorStore,
  record: FlowRecord,
  place: string,
  readOnly: boolean,
): FlowSync {
  const client = useQueryClient();
  const [state, setState] = useState<SaveState>({ kind: "saved" });
  const [left] = useState(() => (readOnly ? null : readUnsaved(place, record)));
  const [name, setName] = useState(left?.name ?? record.name);
  const [published, setPublished] = useState(() => publishedOf(record));
  const { id } = record;
  const [checks] = useState(() => createChecks(store));
  const [autosave] = useState(() =>
    createAutosave({
      version: left?.version ?? record.version,
      unanswered: left?.unanswered,
      save: async (change, leaving) => {
        const saved = await saveFlow(id, change, leaving);
        client.setQueryData(flowKey(id), saved.record);
        setPublished(publishedOf(saved.record));
        if (change.definition && !leaving) checks.tell(change.definition, saved.problems);
        return saved.record;
      },
      current: () => getFlow(id),
      // Said with each letter typed; only the first of them is news to the editor.
      onState: (next) =>
        setState((before) =>
          next.kind === "unsaved" && before.kind === next.kind ? before : next,
        ),
    }),
  );

  useEffect(
    () =>
      store.subscribe(({ history: { present } }, before) => {
        if (present === before.history.present || loading.has(present)) return;
        autosave.changed({ definition: present });
      }),
    [store, autosave],
  );
  useEffect(() => {
    // The browser asks by itself before leaving with something unsaved.
    const guard = (event: BeforeUnloadEvent) => {
      if (autosave.dirty) event.preventDefault();
    };
    const online = () => void autosave.flush();
    // Who looks elsewhere may not come back: phones end pages that nobody sees without a word.
    const hidden = () => document.visibilityState === "hidden" && autosave.hasten();
    window.addEventListener("beforeunload", guard);
    window.addEventListener("online", online);
    window.addEventListener("pageshow", autosave.hasten);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      window.removeEventListener("beforeunload", guard);
      window.removeEventListener("online", online);
      window.removeEventListener("pageshow", autosave.hasten);
      document.removeEventListener("visibilitychange", hidden);
      leave(place, id, autosave.leave(), () => autosave.unsaved);
    };
  }, [autosave, id, place]);
  useEffect(() => {
    if (left === null) return;
    if (left.name !== undefined) autosave.changed({ name: left.name });
    const { definition } = left;
    // A step that undo takes back; the store's listener has it saved.
    if (definition) store.getState().edit(() => definition);
    toast.success("Your unsaved changes are back", { description: "Undo removes them." });
  }, [store, autosave, left]);
  useEffect(() => {
    const failing = state.kind === "failed" || state.kind === "conflict";
    if (failing || state.kind === "saved") keepUnsaved(place, autosave.unsaved);
    // Nothing can be asked of who closes the window all the same.
    const closed = () => {
      autosave.close();
      keepUnsaved(place, autosave.unsaved);
    };
    window.addEventListener("pagehide", closed);
    return () => window.removeEventListener("pagehide", closed);
  }, [place, autosave, state]);
  useEffect(() => checks.begin(), [checks]);

  const rename = useCallback(
    (next: string) => {
      setName(next);
      autosave.changed({ name: next });
    },
    [autosave],
  );
  const refresh = useCallback(async () => {
    const latest = await client.fetchQuery({
      queryKey: flowKey(id),
      queryFn: () => getFlow(id),
      staleTime: 0,
    });
    setPublished(publishedOf(latest));
    if (!autosave.dirty) autosave.adopt(latest.version);
  }, [autosave, client, id]);
  const reload = useCallback(async () => {
    try {
      const latest = await getFlow(id);
      client.setQueryData(flowKey(id), latest);
      const flow = await openDefinition(latest.definition, store.getState().types);
      loading.add(flow);
      store.getState().load(flow);
      setName(latest.name);
      setPublished(publishedOf(latest));
      autosave.adopt(latest.version);
    } catch (error) {
      toast.error("The flow could not be reloaded", error);
    }
  }, [autosave, client, id, store]);

  const edited = state.kind !== "saved" && autosave.unsaved?.definition !== undefined;
  return useMemo(
    () => ({
      state,
      name,
      published: published && { ...published, changed: published.changed || edited },
      rename,
      reload,
      refresh,
      flush: autosave.flush,
      overwrite: () =>
        void autosave
          .overwrite()
          .catch((error: unknown) => toast.error("The flow was not overwritten", error)),
    }),
    [state, name, published, edited, rename, reload, refresh, autosave],
  );
}

/** Definitions that came from the server: showing one is not a change to be saved. */
const loading = new WeakSet<object>();

function publishedOf({ published_version: number, changed_since_published }: FlowRecord) {
  return number === null ? null : { number, changed: changed_since_published ?? false };
}
