"use client";

/** The editor of one flow: palette, canvas, inspector and run drawer. */
import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { PageBar } from "@/features/shell";
import { flowKey, getFlow, useNodeTypes } from "./api";
import { Editor } from "./editor";
import type { EditorViewProps } from "./props";

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
