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
import { useCan } from "@/features/auth";
import type { Json } from "@/lib/events";
import { useForkExecution } from "../api";
import { executionHref } from "../links";
import { editable, readOutputs } from "../model/forks";
import type { Step } from "../model/outline";
import type { Run } from "../use-run";
import { writeJson } from "@/lib/json";

type ForkProps = { run: Run; step: Step };

/** The button with its dialog; nothing for those who may not run flows. */
export function ForkButton({ run, step }: ForkProps) {
  const [open, setOpen] = useState(false);
  const may = useCan("executions:write");
  if (!may || !run.detail || step.id.includes("[")) return null;
  return (
    <>
      <Button size="sm" variant="ghost" className="-mr-2" onClick={() => setOpen(true)}>
        <GitFork aria-hidden />
        Fork from here
      </Button>
      {open && <ForkDialog run={run} step={step} onClose={() => setOpen(false)} />}
    </>
  );
}

function ForkDialog({ run, step, onClose }: ForkProps & { onClose: () => void }) {
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
        {steps.length === 0 && <p className="text-muted">No nodes run before this node.</p>}
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
