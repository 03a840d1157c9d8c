"use client";

/** An open flow: its stores, and how the parts of the editor stand together. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { SplitPane } from "@/components/split-pane";
import { toast } from "@/components/toast";
import { useCan, useSession } from "@/features/auth";
import { Palette } from "./add/palette";
import { QuickAdd } from "./add/quick-add";
import { executeFlow, type FlowRecord } from "./api";
import { EditorBar } from "./bar/editor-bar";
import { isError, type ProblemsShown } from "./bar/problems-button";
import { RunDialog } from "./bar/run-dialog";
import { chosenPath, showPath } from "./actions";
import { Canvas } from "./canvas/canvas";
import { LevelBar } from "./canvas/level-bar";
import { EditorContext } from "./context";
import { readDrafts, writeDrafts } from "./drafts";
import { Inspector, inspectedNode } from "./inspector/inspector";
import { inputFields } from "./model/inputs";
import type { FlowDefinition } from "./model/definition";
import type { NodeTypes } from "./model/node-types";
import { useNames, useExecutionShown } from "./execution-shown";
import { useKeptFocus } from "./kept-focus";
import { useShortcuts } from "./shortcuts";
import { createEditorStore } from "./store";
import { placeOf } from "./unsaved";
import { useFlowSync } from "./use-flow-sync";
import type { EditorViewProps, RunRequest } from "./props";

type EditorProps = EditorViewProps & {
  record: FlowRecord;
  /** Its draft, every node in a place. */
  flow: FlowDefinition;
  types: NodeTypes;
};

export function Editor(props: EditorProps) {
  const { flowId, record, types, onExecutionChange, renderExecution } = props;
  const readOnly = !useCan("flows:write");
  const { data: session } = useSession();
  // Whoever opened it: somebody who signs in meanwhile has no part in it.
  const [place] = useState(() => placeOf(session?.user.id ?? "", flowId));
  const [store] = useState(() =>
    createEditorStore(types, props.flow, readOnly, readOnly ? {} : readDrafts(place)),
  );
  useEffect(
    () =>
      store.subscribe(({ drafts }, before) => {
        if (drafts !== before.drafts) writeDrafts(place, drafts);
      }),
    [store, place],
  );
  const names = useNames();
  const sync = useFlowSync(store, record, place, readOnly);
  const { flush } = sync;
  useKeptFocus(store);
  useShortcuts(
    store,
    useCallback(() => void flush(), [flush]),
  );

  const [ownExecution, setOwnExecution] = useState<string | null>(null);
  const executionId = props.executionId === undefined ? ownExecution : props.executionId;
  const overlay = useExecutionShown(executionId);
  const context = useMemo(
    () => ({ store, overlay, names, readOnly }),
    [store, overlay, names, readOnly],
  );
  const selected = useStore(store, chosenPath);
  const inspected = useStore(store, inspectedNode) !== undefined;
  // What an execution did in another flow is not on this canvas; it is looked at until something here is chosen.
  const [beyond, setBeyond] = useState<{ path: string; from: string | null } | null>(null);
  const looked = beyond && beyond.from === selected ? beyond.path : selected;
  function choose(path: string | null) {
    const shown = showPath(store, path);
    setBeyond(shown || path === null ? null : { path, from: selected });
  }
  const show = (id: string | null) => {
    setOwnExecution(id);
    onExecutionChange?.(id);
  };
  const [asking, setAsking] = useState(false);
  const [starting, setStarting] = useState(false);
  const [problemsShown, setProblemsShown] = useState<ProblemsShown | null>(null);

  /** The server runs the draft it has. */
  async function saveFirst() {
    if (!(await flush())) throw new Error("Its latest changes could not be saved.");
  }
  async function run(inputs: Record<string, unknown>) {
    await saveFirst();
    const start = props.onRun ?? ((request: RunRequest) => executeFlow(flowId, request.inputs));
    show(await start({ flowId, inputs }));
  }
  async function onRun() {
    setStarting(true);
    try {
      // The save tells what stands in the way.
      await saveFirst();
      if (store.getState().problems.some(isError)) return setProblemsShown("run");
      if (inputFields(store.getState().history.present).length > 0) return setAsking(true);
      await run({});
    } catch (error) {
      toast.error("The flow was not run", error);
    } finally {
      setStarting(false);
    }
  }
  return (
    <EditorContext value={context}>
      <EditorBar
        flowId={flowId}
        sync={sync}
        starting={starting}
        problemsShown={problemsShown}
        onShowProblems={setProblemsShown}
        onRun={() => void onRun()}
      />
      <h1 className="sr-only">{sync.name}</h1>
      <div className="relative flex h-full min-h-0">
        {!readOnly && <Palette />}
        <div className="min-w-0 flex-1">
          <SplitPane
            name="editor-inspector"
            narrow="cover"
            initial={360}
            min={280}
            max={760}
            side={inspected ? <Inspector /> : null}
          >
            <SplitPane
              name="editor-execution"
              direction="vertical"
              initial={280}
              max={720}
              side={
                executionId === null
                  ? null
                  : renderExecution?.({
                      executionId,
                      selected: looked,
                      onSelect: choose,
                      onClose: () => show(null),
                      onStarted: show,
                      beforeStart: saveFirst,
                    })
              }
            >
              <div className="flex h-full flex-col">
                <LevelBar flowName={sync.name} />
                <div className="min-h-0 flex-1">
                  <Canvas drawer={executionId !== null && renderExecution !== undefined} />
                </div>
              </div>
            </SplitPane>
          </SplitPane>
        </div>
      </div>
      <QuickAdd />
      {asking && (
        <RunDialog
          fields={inputFields(store.getState().history.present)}
          last={overlay.getState().inputs}
          onClose={() => setAsking(false)}
          onRun={run}
        />
      )}
    </EditorContext>
  );
}
