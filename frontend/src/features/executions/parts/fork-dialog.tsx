"use client";

/** Asks where outputs of earlier nodes shall differ before a new execution begins at a node of this one. */
import { GitFork } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { Button } from "@/components/button";
import { CodeEditor } from "@/components/code-editor";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import type { Json } from "@/lib/events";
import { useForkExecution } from "../api";
import { executionHref } from "../links";
import { editable, readOutputs } from "../model/forks";
import type { OutlineItem } from "../model/outline";
import type { LiveExecution } from "../use-live-execution";
import { writeJson } from "@/lib/json";

export type ForkProps = { execution: LiveExecution; item: OutlineItem };

export function ForkDialog({ execution, item, onClose }: ForkProps & { onClose: () => void }) {
  const router = useRouter();
  const fork = useForkExecution(execution.id);
  const items = execution.detail
    ? editable(execution.detail.definition, item.id, execution.state.nodes)
    : [];
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const given = (id: string): Json => execution.state.nodes.get(id)?.output ?? null;

  function submit() {
    const read = readOutputs(texts, given);
    setErrors(read.errors);
    if (Object.keys(read.errors).length > 0) return;
    fork.mutate(
      { from_node: item.id, outputs: read.outputs, version: null },
      { onSuccess: (id) => router.push(executionHref(id)) },
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Fork from ${item.name}`}
      description="A new execution starts at this node and reuses the outputs of the nodes before it. Change an output to see what would happen."
      size="lg"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" loading={fork.isPending} onClick={submit}>
            <GitFork aria-hidden />
            Start fork
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {items.length === 0 && <p className="text-muted">No nodes run before this node.</p>}
        {items.map(({ id, name }) => (
          <Field key={id} label={`Output of ${name}`} error={errors[id]}>
            <CodeEditor
              language="json"
              value={texts[id] ?? writeJson(given(id), 2)}
              onChange={(text) => setTexts((before) => ({ ...before, [id]: text }))}
              maxHeight="240px"
            />
          </Field>
        ))}
        <FormError message={fork.error?.message} />
      </div>
    </Dialog>
  );
}
