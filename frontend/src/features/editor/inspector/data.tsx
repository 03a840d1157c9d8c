"use client";

/** What the node worked on and gave in the execution that is shown. */
import { useState } from "react";
import { JsonView } from "@/components/json-view";
import { Segmented } from "@/components/segmented";
import { CodeEditor } from "@/components/code-editor";
import { StatusBadge } from "@/components/status-badge";
import { useNodeOverlay } from "../context";
import { writeJson } from "@/lib/json";

type Shape = "tree" | "json";

export function NodeData({ id }: { id: string }) {
  const overlay = useNodeOverlay(id);
  const [shape, setShape] = useState<Shape>("tree");
  if (!overlay || overlay.status === "pending") {
    return <p className="text-muted">Run the flow to see the input and the output of this node.</p>;
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-center justify-between gap-2">
        <StatusBadge status={overlay.status} />
        <div className="w-36">
          <Segmented
            label="Show as"
            value={shape}
            onChange={setShape}
            options={[
              { value: "tree", label: "Tree" },
              { value: "json", label: "JSON" },
            ]}
          />
        </div>
      </div>
      {overlay.error && <p className="break-words text-failed">{overlay.error}</p>}
      <Value title="Input" value={overlay.input} shape={shape} />
      {overlay.status !== "skipped" && (
        <Value title="Output" value={overlay.output} shape={shape} />
      )}
    </div>
  );
}

function Value({ title, value, shape }: { title: string; value: unknown; shape: Shape }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 font-medium">{title}</h3>
      {value === null || value === undefined ? (
        <p className="text-muted">Nothing yet.</p>
      ) : shape === "tree" ? (
        <JsonView value={value} />
      ) : (
        <CodeEditor readOnly aria-label={title} value={writeJson(value, 2)} maxHeight="480px" />
      )}
    </section>
  );
}
