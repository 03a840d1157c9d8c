/** What the editor is given by the page it stands on. */
import type { ReactNode } from "react";

export type RunRequest = { flowId: string; inputs: Record<string, unknown> };

export type EditorViewProps = {
  flowId: string;
  /** The execution to show over the canvas and in the drawer, e.g. from the address; null for none. */
  executionId?: string | null;
  /** Told when another execution is to be shown, or none (null). */
  onExecutionChange?: (executionId: string | null) => void;
  /** Starts an execution of the draft and gives its id; without it the editor asks the server itself. */
  onRun?: (request: RunRequest) => Promise<string>;
  /** The content of the execution drawer. */
  renderExecution?: (execution: ExecutionSlot) => ReactNode;
};

/** What the content of the execution drawer is given; the chosen node is the canvas's, by its path. */
export type ExecutionSlot = {
  executionId: string;
  selected: string | null;
  onSelect: (nodeId: string | null) => void;
  onClose: () => void;
  /** Shows another execution, such as one that was started here. */
  onStarted: (executionId: string) => void;
  /** Saves the draft before an execution of it; rejects when that was not possible. */
  beforeStart: () => Promise<void>;
};
