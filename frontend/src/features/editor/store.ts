/** The open editor: the flow with its history, what is chosen, and what the canvas draws. */
import type { EdgeChange, NodeChange } from "@xyflow/react";
import { createStore } from "zustand/vanilla";
import { draftProblems, keepDraft, renameDrafts, type NodeDrafts } from "./drafts";
import {
  NOTHING,
  toCanvasEdges,
  toCanvasNodes,
  type CanvasEdge,
  type CanvasNode,
  type Selection,
} from "./model/canvas";
import type { FlowDefinition, Position } from "./model/definition";
import { moveNodes, renameNode } from "./model/edits";
import { begin, record, redo, seal, undo, type Grouping, type History } from "./model/history";
import {
  changedLevel,
  existingLevel,
  idPath,
  prefixOf,
  readLevel,
  TOP,
  writeLevel,
  type Level,
} from "./model/levels";
import type { NodeTypes } from "./model/node-types";
import {
  indexProblems,
  mergeProblems,
  unlessSame,
  type Checked,
  type Problem,
  type ProblemIndex,
} from "./model/problems";

/** Where a new node goes: a place on the canvas, behind a port, or on an edge. */
export type AddTarget = {
  /** Screen pixels where the list of node types opens. */
  at: Position;
  /** Canvas pixels of the new node. */
  position?: Position;
  from?: { source: string; handle: string | null };
  edge?: string;
};

/** The field that the inspector should put the caret into. */
export type FocusRequest = { nodeId: string; field: string | null };

export type EditorState = {
  types: NodeTypes;
  /** Of the whole flow, bodies and all. */
  history: History<FlowDefinition>;
  /** The body that is open, if one is. */
  level: Level;
  /** What comes before the ids of its nodes in an execution, e.g. `each[2].`. */
  prefix: string;
  /** The level that is open: the flow itself, or the body of a node as a flow. */
  flow: FlowDefinition;
  selection: Selection;
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  checked: Checked | null;
  /** Of the whole flow, by path. */
  problems: Problem[];
  /** Of the level that is open. */
  problemIndex: ProblemIndex;
  adding: AddTarget | null;
  focus: FocusRequest | null;
  /** Texts that cannot be read yet. */
  drafts: NodeDrafts;
  /** The node just added: what is still empty in it is no fault until one has left it. */
  fresh: string | null;
  /** Under which key the form of a node is drawn whose id is not the one it began with. */
  formKeys: ReadonlyMap<string, string>;
  /** Goes to another level, or another iteration of this one. */
  open: (level: Level) => void;
  /** Applies an edit to the level that is open; edits of one group are one step of undo. */
  edit: (change: (flow: FlowDefinition) => FlowDefinition, grouping?: Grouping) => void;
  /** Gives a node another id; the selection and its drafts follow. */
  rename: (id: string, next: string, grouping?: Grouping) => void;
  /** Keeps what was typed into a field of a node; null when it can be read. */
  keepDraft: (id: string, field: string, text: string | null) => void;
  /** Ends a gesture, or the typing of a name: the next edit is a step of its own, and the canvas has all names. */
  settle: () => void;
  undo: () => void;
  redo: () => void;
  select: (nodes: Iterable<string>, edges?: Iterable<string>) => void;
  setChecked: (checked: Checked) => void;
  setAdding: (target: AddTarget | null) => void;
  setFocus: (focus: FocusRequest | null) => void;
  setFresh: (nodeId: string) => void;
  /** Starts over with another definition, e.g. the one another person saved. */
  load: (flow: FlowDefinition) => void;
  onNodesChange: (changes: NodeChange<CanvasNode>[]) => void;
  onEdgesChange: (changes: EdgeChange<CanvasEdge>[]) => void;
};

export type EditorStore = ReturnType<typeof createEditorStore>;

/** A drag is one step however long the mouse is held. */
const DRAG: Grouping = { key: "drag", gapMs: Number.POSITIVE_INFINITY };

/** `readOnly` makes every edit go unheard: for people who may only look, and for flows of past executions. */
export function createEditorStore(
  types: NodeTypes,
  flow: FlowDefinition,
  readOnly = false,
  drafts: NodeDrafts = {},
) {
  return createStore<EditorState>()((set, get) => {
    /** Everything that follows from a new history, level or selection. */
    function derive(
      history: History<FlowDefinition>,
      wanted: Selection,
      wantedLevel = get().level,
      settled = true,
    ): Partial<EditorState> {
      const before = get();
      const level = existingLevel(history.present, wantedLevel, types);
      const place = { level, prefix: prefixOf(level) };
      const whole = before.history.present;
      const unmoved = sameNodes(before.level, level);
      const flow =
        unmoved && whole === history.present
          ? before.flow
          : (readLevel(history.present, level, types) ?? history.present);
      const selection = unmoved && before.flow === flow ? wanted : existing(wanted, flow);
      const same = whole.nodes === history.present.nodes && whole.edges === history.present.edges;
      return {
        ...place,
        history,
        flow,
        selection,
        fresh: before.fresh !== null && selection.nodes.has(before.fresh) ? before.fresh : null,
        nodes: toCanvasNodes(flow, selection, before.nodes, types, settled),
        edges: toCanvasEdges(flow, selection, before.edges, settled),
        ...(same && unmoved ? {} : found(history.present, level, before.checked, before.drafts)),
      };
    }
    let told: { problems: Problem[]; problemIndex: ProblemIndex; of: string } | null = null;
    function found(
      whole: FlowDefinition,
      level: Level,
      checked: Checked | null,
      drafts: NodeDrafts,
    ) {
      const next = mergeProblems(whole, types, checked, draftProblems(drafts));
      const path = level.map(({ node }) => node);
      const of = path.join(".");
      const problems = told ? unlessSame(told.problems, next) : next;
      if (told?.problems !== problems || told.of !== of) {
        told = { problems, problemIndex: indexProblems(problems, path), of };
      }
      return { problems, problemIndex: told.problemIndex };
    }
    const withDrafts = ({ history, level, checked }: EditorState, drafts: NodeDrafts) => ({
      drafts,
      ...found(history.present, level, checked, drafts),
    });
    /** Undoing goes to where something changes. */
    const step = (change: (history: History<FlowDefinition>) => History<FlowDefinition>) =>
      set((state) => {
        const history = change(state.history);
        if (history === state.history) return {};
        const where = changedLevel(state.history.present, history.present, types);
        return derive(
          history,
          state.selection,
          sameNodes(where, state.level) ? state.level : where,
        );
      });

    return {
      types,
      history: begin(flow),
      level: TOP,
      prefix: "",
      flow,
      selection: NOTHING,
      nodes: toCanvasNodes(flow, NOTHING, [], types),
      edges: toCanvasEdges(flow, NOTHING, []),
      checked: null,
      drafts,
      ...found(flow, TOP, null, drafts),
      adding: null,
      focus: null,
      fresh: null,
      formKeys: new Map(),
      open: (level) => set(({ history }) => derive(history, NOTHING, level)),
      edit: (change, grouping) =>
        readOnly ||
        set((state) => {
          const { flow, history, level } = state;
          const next = change(flow);
          if (next === flow) return {};
          const whole = level.length === 0 ? next : writeLevel(next, types);
          const after = record(history, whole, grouping ?? null, Date.now());
          return derive(after, state.selection, level, grouping === undefined);
        }),
      rename: (id, next, grouping) => {
        const { edit, select, level, flow, drafts } = get();
        edit((before) => renameNode(before, id, next, types), grouping);
        if (get().flow === flow) return;
        const renamed = renameDrafts(drafts, idPath(level, id), idPath(level, next));
        set((state) => ({
          ...withDrafts(state, renamed),
          formKeys: withRenamed(state.formKeys, id, next),
        }));
        select([next]);
      },
      keepDraft: (id, field, text) =>
        set((state) => {
          const drafts = keepDraft(state.drafts, idPath(state.level, id), field, text);
          return drafts === state.drafts ? {} : withDrafts(state, drafts);
        }),
      settle: () => set(({ history, selection }) => derive(seal(history), selection)),
      undo: () => step(undo),
      redo: () => step(redo),
      select: (nodes, edges = []) =>
        // A field that was to get the focus is not wanted any more.
        set(({ history }) => ({
          ...derive(history, { nodes: new Set(nodes), edges: new Set(edges) }),
          focus: null,
        })),
      setChecked: (checked) =>
        set((state) => ({
          checked,
          ...found(state.history.present, state.level, checked, state.drafts),
        })),
      setAdding: (adding) => readOnly || set({ adding }),
      setFocus: (focus) => set({ focus, ...(focus?.field ? { fresh: null } : {}) }),
      setFresh: (fresh) => set({ fresh }),
      load: (next) => {
        set({ checked: null });
        set(({ selection }) => derive(begin(next), selection));
      },
      onNodesChange: (changes) => {
        measure(changes, get, set);
        const moved = positions(changes);
        if (moved.size > 0) get().edit((flow) => moveNodes(flow, moved), DRAG);
        // The last change of a drag says that it is over.
        if (changes.some((change) => change.type === "position" && change.dragging === false)) {
          get().settle();
        }
        const nodes = chosen(changes, get().selection.nodes);
        if (nodes) get().select(nodes, get().selection.edges);
      },
      onEdgesChange: (changes) => {
        const edges = chosen(changes, get().selection.edges);
        if (edges) get().select(get().selection.nodes, edges);
      },
    };
  });
}

/** The form keeps its key under the new id; whichever node gets the old id later has another one. */
function withRenamed(keys: ReadonlyMap<string, string>, id: string, next: string) {
  return new Map([...keys, [next, keys.get(id) ?? id], [id, `${id} ${keys.size}`]]);
}

/** Whether both are the same body, of whichever iteration. */
function sameNodes(one: Level, other: Level): boolean {
  return one.length === other.length && one.every(({ node }, index) => node === other[index]?.node);
}

function existing(selection: Selection, flow: FlowDefinition): Selection {
  const nodes = new Set(flow.nodes.map((node) => node.id));
  const edges = new Set(flow.edges.map((edge) => edge.id));
  return {
    nodes: new Set([...selection.nodes].filter((id) => nodes.has(id))),
    edges: new Set([...selection.edges].filter((id) => edges.has(id))),
  };
}

function positions(changes: NodeChange<CanvasNode>[]): Map<string, Position> {
  const moved = new Map<string, Position>();
  for (const change of changes) {
    if (change.type !== "position" || !change.position) continue;
    const { x, y } = change.position;
    moved.set(change.id, { x: Math.round(x), y: Math.round(y) });
  }
  return moved;
}

/** What is chosen after the changes, or null when they do not touch that. */
function chosen(
  changes: (NodeChange<CanvasNode> | EdgeChange<CanvasEdge>)[],
  before: ReadonlySet<string>,
): Set<string> | null {
  const selects = changes.filter((change) => change.type === "select");
  if (selects.length === 0) return null;
  const after = new Set(before);
  for (const { id, selected } of selects) {
    if (selected) after.add(id);
    else after.delete(id);
  }
  return after;
}

/** Sizes are the browser's, not the flow's: they are kept on the drawn nodes only. */
function measure(
  changes: NodeChange<CanvasNode>[],
  get: () => EditorState,
  set: (state: Partial<EditorState>) => void,
): void {
  const sizes = new Map(
    changes.flatMap((change) =>
      change.type === "dimensions" && change.dimensions ? [[change.id, change.dimensions]] : [],
    ),
  );
  if (sizes.size === 0) return;
  const nodes = get().nodes.map((node) => {
    const measured = sizes.get(node.id);
    return measured ? { ...node, measured } : node;
  });
  set({ nodes });
}
