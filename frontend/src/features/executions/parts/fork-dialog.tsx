"use client";

/** Asks where outputs of earlier steps shall differ before a new run begins at a step of this one. */
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
import type { Step } from "../model/outline";
import type { Run } from "../use-run";
import { writeJson } from "@/lib/json";

export type ForkProps = { run: Run; step: Step };

export function ForkDialog({ run, step, onClose }: ForkProps & { onClose: () => void }) {
  const router = useRouter();
  const fork = useForkExecution(run.id);
  const steps = run.detail ? editable(run.detail.definition, step.id, run.state.nodes) : [];
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const given = (id: string): Json => run.state.nodes.get(id)?.output ?? null;

  function submit() {
    const read = readOutputs(texts, given);
    setErrors(read.errors);
    if (Object.keys(read.errors).length > 0) return;
    fork.mutate(
      { from_node: step.id, outputs: read.outputs, version: null },
      { onSuccess: (id) => router.push(executionHref(id)) },
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Fork from ${step.name}`}
      description="A new run takes over what the steps before it gave, and begins at this step. Change what they gave to see what would have come of it."
      size="lg"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" loading={fork.isPending} onClick={submit}>
            <GitFork aria-hidden />
            Start the fork
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {steps.length === 0 && <p className="text-muted">Nothing runs before this step.</p>}
        {steps.map(({ id, name }) => (
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
