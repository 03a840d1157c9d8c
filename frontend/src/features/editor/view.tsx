"use client";

/** The editor of one flow: palette, canvas, inspector and run drawer. */
import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import type { ReactNode } from "react";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { PageBar } from "@/features/shell";
import { flowKey, getFlow, useNodeTypes } from "./api";
import { Editor } from "./editor";

export type RunRequest = { flowId: string; inputs: Record<string, unknown> };

export type EditorViewProps = {
  flowId: string;
  /** The run to show over the canvas and in the drawer, e.g. from the address; null for none. */
  executionId?: string | null;
  /** Told when another run is to be shown, or none (null). */
  onExecutionChange?: (executionId: string | null) => void;
  /** Starts a run of the draft and gives its id; without it the editor asks the server itself. */
  onRun?: (request: RunRequest) => Promise<string>;
  /** The content of the run drawer. */
  renderRun?: (run: RunSlot) => ReactNode;
};

/** What the content of the run drawer is given; the chosen node is the canvas's. */
export type RunSlot = {
  executionId: string;
  selected: string | null;
  onSelect: (nodeId: string | null) => void;
  onClose: () => void;
};

export function EditorView(props: EditorViewProps) {
  const { flowId } = props;
  const types = useNodeTypes();
  const flow = useQuery({
    queryKey: flowKey(flowId),
    queryFn: () => getFlow(flowId),
    // What is being edited is not replaced behind one's back; saving finds out about others.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const failed = flow.error ?? types.error;
  if (flow.data && types.data) {
    return (
      <ReactFlowProvider key={flowId}>
        <Editor {...props} record={flow.data} types={types.data} />
      </ReactFlowProvider>
    );
  }
  return (
    <>
      <PageBar crumbs={[{ label: "Flows", href: "/flows/" }, { label: "Flow" }]} />
      {failed ? (
        <ErrorState
          error={failed}
          title="The flow could not be opened"
          onRetry={() => void Promise.all([flow.refetch(), types.refetch()])}
        />
      ) : (
        <div className="flex h-full items-center justify-center text-muted">
          <Spinner label="Opening the flow" />
        </div>
      )}
    </>
  );
}
