"use client";

/** What every node has besides its configuration: name, id, retries, time-out, what failing means. */
import { Field } from "@/components/field";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { useEditor, useEditorStore } from "../context";
import { DEFAULT_RETRY, type FlowNode } from "../model/definition";
import { idRefusal, renameNode } from "../model/edits";
import { CommitInput } from "./commit-input";
import { useForm } from "./form-context";
import { More } from "./more";

const outcomes = [
  { value: "fail", label: "Fail the run" },
  { value: "continue", label: "Go on without its output" },
  { value: "branch", label: "Take the error branch" },
];

export function NodeSettings({ node }: { node: FlowNode }) {
  const store = useEditorStore();
  const flow = useEditor((state) => state.flow);
  const { write, problem } = useForm();
  const retry = node.retry ?? DEFAULT_RETRY;

  function rename(next: string) {
    const { edit, types, select } = store.getState();
    edit((before) => renameNode(before, node.id, next, types));
    select([next]);
  }
  return (
    <More label="Settings">
      <div data-field="id">
        <Field label="Id" hint="What expressions call it; they follow when it changes.">
          <CommitInput
            value={node.id}
            onCommit={rename}
            refuse={(next) => idRefusal(flow, node.id, next)}
          />
        </Field>
      </div>
      <div className="grid grid-cols-2 gap-2">
        <div data-field="retry.max_attempts">
          <Field label="Attempts" error={problem(["retry", "max_attempts"])}>
            <NumberInput
              min={1}
              max={20}
              step={1}
              value={retry.max_attempts}
              onChange={(value) => write(["retry"], { ...retry, max_attempts: value ?? 1 })}
            />
          </Field>
        </div>
        <div data-field="retry.backoff_seconds">
          <Field label="First wait" error={problem(["retry", "backoff_seconds"])}>
            <NumberInput
              min={0}
              max={3600}
              unit="s"
              value={retry.backoff_seconds}
              onChange={(value) => write(["retry"], { ...retry, backoff_seconds: value ?? 0 })}
            />
          </Field>
        </div>
      </div>
      <div data-field="timeout_seconds">
        <Field
          label="Time-out"
          hint="Empty: as long as the run may take."
          error={problem(["timeout_seconds"])}
        >
          <NumberInput
            min={1}
            unit="s"
            value={node.timeout_seconds}
            onChange={(value) => write(["timeout_seconds"], value)}
          />
        </Field>
      </div>
      <Field label="When it fails">
        <Select
          options={outcomes}
          value={node.on_error ?? "fail"}
          onChange={(value) => write(["on_error"], value)}
        />
      </Field>
    </More>
  );
}
