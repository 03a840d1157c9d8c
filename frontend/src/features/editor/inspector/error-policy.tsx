"use client";

/** What happens when a node fails: further tries, and then failing, a default output, or the error branch. */
import { DurationInput } from "@/components/duration-input";
import { Checkbox } from "@/components/checkbox";
import { Field } from "@/components/field";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import {
  DEFAULT_RETRY,
  RETRIED,
  type ErrorKind,
  type FlowNode,
  type RetryPolicy,
} from "../model/definition";
import { useForm } from "./form-context";
import { JsonField } from "@/components/json-field";
import { More } from "./more";
import { Setting } from "./setting";

const outcomes = [
  { value: "fail", label: "Fail the execution" },
  { value: "continue", label: "Continue with a default output" },
  { value: "branch", label: "Take the error branch" },
];

const kinds: { kind: ErrorKind; label: string }[] = [
  { kind: "upstream", label: "An external service failed" },
  { kind: "timeout", label: "It took too long" },
  { kind: "limit", label: "A limit was reached" },
  { kind: "user", label: "The flow or its inputs are wrong" },
  { kind: "bug", label: "An unexpected error" },
];

export function ErrorPolicy({ node }: { node: FlowNode }) {
  const { write } = useForm();
  const retry = { ...DEFAULT_RETRY, ...node.retry };
  const change = (part: Partial<RetryPolicy>) =>
    write(["retry"], { ...node.retry, ...retry, ...part });
  return (
    <More label="When it fails">
      <Setting
        path={["retry", "max_attempts"]}
        label="Attempts"
        hint="How often the node is tried, including the first time."
      >
        <NumberInput
          min={1}
          max={20}
          step={1}
          value={retry.max_attempts}
          onChange={(value) => change({ max_attempts: value ?? 1 })}
        />
      </Setting>
      {retry.max_attempts > 1 && <Waits retry={retry} onChange={change} />}
      <Setting
        path={["on_error"]}
        label={retry.max_attempts > 1 ? "After the last attempt" : "Then"}
      >
        <Select
          options={outcomes}
          value={node.on_error ?? "fail"}
          onChange={(value) => write(["on_error"], value)}
        />
      </Setting>
      {node.on_error === "continue" && (
        <Setting
          path={["default"]}
          label="Default output"
          hint="Later nodes get this JSON value instead. Empty means null."
        >
          <JsonField
            name="default"
            value={node.default ?? null}
            onChange={(value) => write(["default"], value ?? undefined)}
            minHeight="36px"
          />
        </Setting>
      )}
    </More>
  );
}

type WaitsProps = {
  retry: Required<RetryPolicy>;
  onChange: (part: Partial<RetryPolicy>) => void;
};

/** How long it waits before each further attempt, and which failures are worth one. */
function Waits({ retry, onChange }: WaitsProps) {
  function toggle(kind: ErrorKind, on: boolean) {
    const next = on ? [...retry.kinds, kind] : retry.kinds.filter((other) => other !== kind);
    onChange({ kinds: RETRIED.filter((other) => next.includes(other)) });
  }
  return (
    <>
      <Setting path={["retry", "backoff_seconds"]} label="First wait">
        <DurationInput
          value={retry.backoff_seconds}
          onChange={(value) => onChange({ backoff_seconds: value ?? 0 })}
        />
      </Setting>
      <div className="grid grid-cols-2 gap-2">
        <Setting path={["retry", "multiplier"]} label="Multiply each wait by">
          <NumberInput
            min={1}
            max={10}
            value={retry.multiplier}
            onChange={(value) => onChange({ multiplier: value ?? 1 })}
          />
        </Setting>
        <Setting path={["retry", "jitter"]} label="Jitter">
          <NumberInput
            min={0}
            max={100}
            unit="%"
            value={Math.round(retry.jitter * 100)}
            onChange={(value) => onChange({ jitter: Math.min(100, value ?? 0) / 100 })}
          />
        </Setting>
      </div>
      <Setting path={["retry", "max_backoff_seconds"]} label="Longest wait">
        <DurationInput
          value={retry.max_backoff_seconds}
          onChange={(value) => onChange({ max_backoff_seconds: value ?? 3600 })}
        />
      </Setting>
      <fieldset data-field="retry.kinds" className="flex flex-col gap-1.5">
        <legend className="mb-1 text-sm font-medium">Try again after</legend>
        {kinds.map(({ kind, label }) => (
          <Field key={kind} label={label} inline>
            <Checkbox checked={retry.kinds.includes(kind)} onChange={(on) => toggle(kind, on)} />
          </Field>
        ))}
      </fieldset>
    </>
  );
}
