"use client";

/** The editor of one flow: palette, canvas, inspector and execution drawer. */
import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { PageBar } from "@/features/shell";
import { flowKey, getFlow, useNodeTypes, type FlowRecord } from "./api";
import { Editor } from "./editor";
import type { NodeTypes } from "./model/node-types";
import type { EditorViewProps } from "./props";
import { whenLeft } from "./unsaved";
import { useOpened } from "./use-opened";

export function EditorView(props: EditorViewProps) {
  const { flowId } = props;
  const types = useNodeTypes();
  const flow = useQuery({
    queryKey: flowKey(flowId),
    queryFn: async () => {
      await whenLeft(flowId);
      return getFlow(flowId);
    },
    // What is being edited is not replaced behind one's back; saving finds out about others.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (flow.data && types.data) {
    return <Opened key={flowId} {...props} record={flow.data} types={types.data} />;
  }
  return (
    <Opening
      error={flow.error ?? types.error}
      onRetry={() => void Promise.all([flow.refetch(), types.refetch()])}
    />
  );
}

function Opened(props: EditorViewProps & { record: FlowRecord; types: NodeTypes }) {
  const flow = useOpened(props.record.definition, props.types);
  if (!flow.data) return <Opening error={flow.error} onRetry={() => void flow.refetch()} />;
  return (
    <ReactFlowProvider>
      <Editor {...props} flow={flow.data} />
    </ReactFlowProvider>
  );
}

function Opening({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return (
    <>
      <PageBar crumbs={[{ label: "Flows", href: "/flows/" }, { label: "Flow" }]} />
      {error ? (
        <ErrorState error={error} title="The flow could not be opened" onRetry={onRetry} />
      ) : (
        <div className="flex h-full items-center justify-center text-muted">
          <Spinner label="Opening the flow" />
        </div>
      )}
    </>
  );
}
