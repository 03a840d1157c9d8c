/** Live executions: typed events, the fold of them, the stream that brings them, and React hooks. */
export { foldEvent, type Folded } from "./fold";
export { iterationsOf, parsePath, type Iteration } from "./iterations";
export { toOverlay, type NodeOverlay, type OverlayTarget } from "./overlay";
export {
  newFolding,
  snapshot,
  type Attempt,
  type ExecutionState,
  type Folding,
  type LlmCall,
  type LogLine,
  type NodeState,
  type TaskState,
  type ToolCall,
} from "./state";
export { openStream, type Connection } from "./stream";
export { GrowingText } from "./text";
export {
  isFinal,
  isFinalEvent,
  parseEvent,
  type ErrorKind,
  type EventType,
  type ExecutionEvent,
  type ExecutionFailure,
  type ExecutionStatus,
  type Json,
  type LogLevel,
  type NodeFailure,
  type NodeStatus,
  type Origin,
  type Usage,
} from "./types";
export { addUsage, NO_USAGE } from "./usage";
export { spentOf, waitedOf } from "./waited";
export {
  reconnect,
  useExecution,
  useExecutionNode,
  useExecutionPart,
  useExpectedNodes,
  useExecutionOverlay,
} from "./use-execution";
export type { WatchedState } from "./watch";
