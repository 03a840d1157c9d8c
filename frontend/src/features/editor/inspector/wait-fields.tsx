"use client";

/** How long a node waits: for a while, or until a time. */
import { useState } from "react";
import { DurationInput } from "@/components/duration-input";
import { Field } from "@/components/field";
import { Segmented } from "@/components/segmented";
import type { Path } from "../model/paths";
import { ExpressionField } from "./expression-field";
import { useForm } from "./form-context";

type Mode = "while" | "until" | "expression";

const modes: { value: Mode; label: string }[] = [
  { value: "while", label: "A fixed time" },
  { value: "until", label: "Until a time" },
  { value: "expression", label: "An expression" },
];

type WaitFieldsProps = { path: Path; value: unknown };

export function WaitFields({ path, value }: WaitFieldsProps) {
  const { write, problem } = useForm();
  const { seconds, until } = (value ?? {}) as { seconds?: unknown; until?: unknown };
  const [mode, setMode] = useState<Mode>(modeOf(seconds, until));
  const error = problem([...path, "seconds"]) ?? problem([...path, "until"]);

  function choose(next: Mode) {
    setMode(next);
    const blank = { while: { seconds: 60 }, until: { until: "" }, expression: { seconds: "" } };
    write(path, blank[next]);
  }
  return (
    <div data-field={[...path, "seconds"].join(".")} className="flex flex-col gap-3">
      <Segmented label="Wait for" options={modes} value={mode} onChange={choose} />
      {mode === "while" && (
        <Field label="Wait for" required error={error}>
          <DurationInput
            value={typeof seconds === "number" ? seconds : null}
            onChange={(next) => write([...path, "seconds"], next)}
          />
        </Field>
      )}
      {mode === "until" && (
        <Field
          label="Wait until"
          required
          hint="A time such as 2027-01-31T09:00:00Z, or an expression that returns a time."
          error={error}
        >
          <ExpressionField
            mode="template"
            value={typeof until === "string" ? until : ""}
            onChange={(next) => write([...path, "until"], next)}
          />
        </Field>
      )}
      {mode === "expression" && (
        <Field
          label="Seconds"
          required
          hint="An expression that returns a number of seconds."
          error={error}
        >
          <ExpressionField
            mode="template"
            placeholder="{{ inputs.seconds }}"
            value={typeof seconds === "string" ? seconds : ""}
            onChange={(next) => write([...path, "seconds"], next)}
          />
        </Field>
      )}
    </div>
  );
}

function modeOf(seconds: unknown, until: unknown): Mode {
  if (until !== null && until !== undefined) return "until";
  return typeof seconds === "string" ? "expression" : "while";
}
