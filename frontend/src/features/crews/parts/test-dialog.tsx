"use client";

/** Runs a crew by itself, with the inputs its texts ask for, and opens the execution. */
import { Play } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Skeleton } from "@/components/skeleton";
import { Textarea } from "@/components/textarea";
import { useAllAgents } from "@/features/agents";
import { executionHref } from "@/features/executions";
import { toApiError } from "@/lib/api/error";
import { useTestCrew, type Crew } from "../api";
import { inputNames } from "../inputs";

export function TestDialog({ crew, onClose }: { crew: Crew; onClose: () => void }) {
  const router = useRouter();
  const { data: agents, error: unknown } = useAllAgents();
  const test = useTestCrew();
  const [inputs, setInputs] = useState<Record<string, string>>({});

  const members = agents?.filter(
    ({ id }) => crew.agent_ids.includes(id) || id === crew.manager_agent_id,
  );
  const names = inputNames([
    ...crew.tasks.flatMap((task) => [task.description, task.expected_output]),
    ...(members ?? []).flatMap(({ role, goal, backstory }) => [role, goal, backstory]),
  ]);

  function run(event: FormEvent) {
    event.preventDefault();
    const given = Object.fromEntries(names.map((name) => [name, inputs[name] ?? ""]));
    test.mutate(
      { id: crew.id, inputs: given },
      { onSuccess: ({ id }) => router.push(executionHref(id)) },
    );
  }
  const problem = test.error ?? unknown;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Test “${crew.name}”`}
      description={
        names.length === 0
          ? "This runs the saved crew without a flow. It needs no inputs."
          : "This runs the saved crew without a flow, with these inputs."
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="test-crew"
            variant="primary"
            disabled={!agents}
            loading={test.isPending || test.isSuccess}
          >
            <Play aria-hidden />
            Run crew
          </Button>
        </>
      }
    >
      <form id="test-crew" onSubmit={run} className="flex flex-col gap-4">
        {!agents && !unknown && <Skeleton className="h-16 rounded-md" />}
        {agents &&
          names.map((name) => (
            <Field key={name} label={name}>
              <Textarea
                rows={2}
                required
                value={inputs[name] ?? ""}
                onChange={(event) => setInputs({ ...inputs, [name]: event.target.value })}
              />
            </Field>
          ))}
        <FormError message={problem ? toApiError(problem).message : undefined} />
      </form>
    </Dialog>
  );
}
