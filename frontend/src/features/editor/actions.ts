/** What a person does with the whole selection or the whole flow, for buttons, keys and menus alike. */
import { toast } from "@/components/toast";
import { copy, paste, readClip, type Clip } from "./model/clipboard";
import type { NodeTypeInfo } from "./model/node-types";
import { connect, refusal, type Connection } from "./model/connect";
import type { FlowDefinition, Position } from "./model/definition";
import {
  addAfter,
  addNode,
  belongs,
  insertOnEdge,
  moveNodes,
  remove,
  room,
  type Added,
} from "./model/edits";
import { arrange } from "./model/layout";
import { framePath, hasBody, locate, readLevel, type Level } from "./model/levels";
import { findNode } from "./model/definition";
import type { Sizes } from "./model/measures";
import { isPlaced, placed } from "./model/places";
import type { AddTarget, EditorState, EditorStore } from "./store";
import { writeJson } from "@/lib/json";

/** Adds a node of the kind where the target says and selects it. */
export function add(store: EditorStore, kind: string, target: Omit<AddTarget, "at">): void {
  const { types, flow } = store.getState();
  const type = types.get(kind);
  if (!type) return;
  const full = fullReason(flow, type);
  if (full) return void toast.error(full);
  let id: string | undefined;
  store.getState().edit((before) => {
    const added = place(before, target);
    id = added?.id;
    return added?.flow ?? before;
  });
  if (!id) return;
  store.getState().select([id]);
  store.getState().setFresh(id);

  function place(before: FlowDefinition, { edge, from, position }: Omit<AddTarget, "at">) {
    if (!type) return null;
    if (edge) return insertOnEdge(before, edge, type, types);
    if (from) return addAfter(before, type, from, types, position) as Added;
    return addNode(before, type, position ?? { x: 0, y: 0 });
  }
}

/** Why no more nodes of the type can stand here, or null when they can. */
export function fullReason(flow: FlowDefinition, type: NodeTypeInfo): string | null {
  if (!belongs(flow, type))
    return `A body cannot have a node of type ${type.title}. Add it to the flow itself.`;
  return room(flow, type) > 0 ? null : `A flow has only one ${type.title} node.`;
}

/** Goes one level down, into the body of a node; says whether it has one. */
export function openBody(store: EditorStore, id: string): boolean {
  const { flow, types, level, open } = store.getState();
  const node = findNode(flow, id);
  if (!node || !hasBody(node, types)) return false;
  open([...level, { node: id, iteration: 0 }]);
  return true;
}

/** Goes up to `depth` and chooses the node whose body was open. */
export function goUp(store: EditorStore, depth: number): void {
  const { level, open, select } = store.getState();
  const left: Level[number] | undefined = level[depth];
  open(level.slice(0, depth));
  if (left) select([left.node]);
}

/** "3 nodes", as bodies are counted. */
export function nodesWord(count: number): string {
  if (count === 0) return "No nodes yet";
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** Connects two nodes, or says why not. */
export function join(store: EditorStore, connection: Connection): void {
  const { types, flow, edit } = store.getState();
  const reason = refusal(flow, connection, types);
  if (reason) toast.error(reason);
  else edit((before) => connect(before, connection, types));
}

export function removeSelection(store: EditorStore): void {
  const { selection, edit } = store.getState();
  edit((flow) => remove(flow, selection.nodes, selection.edges));
}

/** The chosen nodes as clipboard text, so that they also paste into another flow; null for none. */
export function selectionText(store: EditorStore): string | null {
  const { flow, selection } = store.getState();
  if (selection.nodes.size === 0) return null;
  return writeJson(copy(flow, selection.nodes), 2);
}

/** Pastes clipboard text when it holds nodes; says whether it did. */
export function pasteText(store: EditorStore, text: string, at?: Position): boolean {
  const clip = readClip(text);
  if (clip) void pasteClip(store, clip, at);
  return clip !== null;
}

/** At once, or when each of its nodes has a place: text that nobody copied from a canvas may say none. */
async function pasteClip(store: EditorStore, clip: Clip, at?: Position): Promise<void> {
  const { types } = store.getState();
  try {
    const whole = isPlaced(clip, types) ? clip : await placed(clip, types);
    put(store, (flow) => paste(flow, whole, types, at));
  } catch (error) {
    toast.error("The nodes could not be pasted", error);
  }
}

export function duplicateSelection(store: EditorStore): void {
  const { selection, types } = store.getState();
  if (selection.nodes.size === 0) return;
  put(store, (flow) => paste(flow, copy(flow, selection.nodes), types));
}

function put(
  store: EditorStore,
  change: (flow: FlowDefinition) => { flow: FlowDefinition; ids: string[] },
): void {
  let ids: string[] = [];
  store.getState().edit((flow) => {
    const pasted = change(flow);
    ids = pasted.ids;
    return pasted.flow;
  });
  if (ids.length > 0) store.getState().select(ids);
}

export function selectAll(store: EditorStore): void {
  const { flow, select } = store.getState();
  select(
    flow.nodes.map((node) => node.id),
    flow.edges.map((edge) => edge.id),
  );
}

/** Moves the chosen nodes by canvas pixels; a row of key presses is one step of undo. */
export function nudge(store: EditorStore, by: Position): void {
  const { flow, selection, edit } = store.getState();
  const moved = [...selection.nodes].map((id): [string, Position] => {
    const at = flow.layout[id] ?? { x: 0, y: 0 };
    return [id, { x: at.x + by.x, y: at.y + by.y }];
  });
  edit((before) => moveNodes(before, new Map(moved)), { key: "nudge" });
}

/** Lays the whole flow out anew. */
export async function layOut(store: EditorStore): Promise<void> {
  const { flow, types, nodes } = store.getState();
  const sizes: Sizes = new Map(
    nodes.flatMap(({ id, measured }) =>
      measured?.width && measured.height
        ? [[id, { width: measured.width, height: measured.height }]]
        : [],
    ),
  );
  try {
    const places = await arrange(flow, types, sizes);
    store.getState().edit((before) => moveNodes(before, places));
  } catch (error) {
    toast.error("The nodes could not be arranged", error);
  }
}

/** The path, in an execution, of the one chosen node, or of the iteration that is open; null for neither. */
export function chosenPath({ selection, prefix }: EditorState): string | null {
  const [only] = selection.nodes;
  if (selection.nodes.size === 1 && only !== undefined) return prefix + only;
  return prefix.slice(0, -1) || null;
}

/** Goes to a node or an iteration of an execution; says whether the flow has it, as it is drawn now. */
export function showPath(store: EditorStore, path: string | null): boolean {
  const { level: now, history, types, open, select } = store.getState();
  const { level, node } = locate(path ?? "");
  const flow = readLevel(history.present, level, types);
  if (!flow || (node && !findNode(flow, node))) return false;
  if (framePath(level) !== framePath(now)) open(level);
  select(node ? [node] : []);
  return true;
}
