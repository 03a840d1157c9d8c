/** What draws the nodes and edges of a canvas, whether it is edited or only looked at. */
import { NoteNode } from "./note-node";
import { StepEdge } from "./step-edge";
import { StepNode } from "./step-node";

export const nodeTypes = { step: StepNode, note: NoteNode };
export const edgeTypes = { step: StepEdge };
