"use client";

/** Keeps the server's copy of the flow up to date, and the problems it finds. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { toast } from "@/components/toast";
import { flowKey, getFlow, saveFlow, validateFlow, type FlowRecord } from "./api";
import { createAutosave, type SaveState } from "./autosave";
import { openDefinition } from "./model/places";
import type { EditorStore } from "./store";
import { keepUnsaved, leave, readUnsaved } from "./unsaved";

/** How long after the last change the server is asked for problems. */
const CHECK_MS = 500;

export type FlowSync = {
  state: SaveState;
  name: string;
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
  const { id } = record;
  const [autosave] = useState(() =>
    createAutosave({
      version: left?.version ?? record.version,
      save: async (change) => {
        const saved = await saveFlow(id, change);
        client.setQueryData(flowKey(id), saved);
        return saved;
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
    window.addEventListener("beforeunload", guard);
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("beforeunload", guard);
      window.removeEventListener("online", online);
      leave(place, id, autosave.leave(), () => autosave.unsaved);
    };
  }, [autosave, id, place]);
  useEffect(() => {
    if (left === null) return;
    if (left.name !== undefined) autosave.changed({ name: left.name });
    const { definition } = left;
    // A step that undo takes back; the store's listener has it saved.
    if (definition) store.getState().edit(() => definition);
    toast.success("What was not saved is here again", { description: "Undo takes it back." });
  }, [store, autosave, left]);
  useEffect(() => {
    const failing = state.kind === "failed" || state.kind === "conflict";
    if (failing || state.kind === "saved") keepUnsaved(place, autosave.unsaved);
    // Nothing can be asked of who closes the window all the same, or whose browser is ended.
    const keep = () => keepUnsaved(place, autosave.unsaved);
    window.addEventListener("pagehide", keep);
    return () => window.removeEventListener("pagehide", keep);
  }, [place, autosave, state]);
  useChecks(store);

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
      autosave.adopt(latest.version);
    } catch (error) {
      toast.error("The flow could not be reloaded", error);
    }
  }, [autosave, client, id, store]);

  return useMemo(
    () => ({
      state,
      name,
      rename,
      reload,
      refresh,
      flush: autosave.flush,
      overwrite: () =>
        void autosave
          .overwrite()
          .catch((error: unknown) => toast.error("The flow was not overwritten", error)),
    }),
    [state, name, rename, reload, refresh, autosave],
  );
}

/** Definitions that came from the server: showing one is not a change to be saved. */
const loading = new WeakSet<object>();

/** Asks the server for problems a moment after each change; an answer that came late is dropped. */
function useChecks(store: EditorStore): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let round = 0;
    async function check() {
      const { history, setChecked } = store.getState();
      const flow = history.present;
      const own = (round += 1);
      try {
        const problems = await validateFlow(flow);
        if (own === round) setChecked({ flow, problems });
      } catch {
        // Without an answer the instant checks stand; saving reports that the server is away.
      }
    }
    void check();
    const unsubscribe = store.subscribe(({ history: { present } }, { history }) => {
      const before = history.present;
      if (present.nodes === before.nodes && present.edges === before.edges) return;
      clearTimeout(timer);
      timer = setTimeout(() => void check(), CHECK_MS);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
      round += 1;
    };
  }, [store]);
}
