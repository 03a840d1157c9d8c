"use client";

/** Trying a tool out: an input, and how the call ended. */
import { Play } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { DraftsProvider, useFormDrafts } from "@/components/drafts";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { JsonField } from "@/components/json-field";
import { JsonView } from "@/components/json-view";
import { PlainText } from "@/components/plain-text";
import { toApiError } from "@/lib/api/error";
import { formatDuration } from "@/lib/format";
import { useTryTool, type Tool, type TrialResult } from "../api";

type TryToolProps = {
  tool: Tool;
  /** Whether the form has changes that are not saved. */
  changed: boolean;
};

export function TryTool({ tool, changed }: TryToolProps) {
  const [input, setInput] = useState<unknown>(() => example(tool.input_schema));
  const trial = useTryTool(tool.id);
  const drafts = useFormDrafts();
  const unread = Object.keys(drafts.texts).length > 0;
  return (
    <section aria-label="Try it out" className="mt-6 flex flex-col gap-3 border-t pt-4">
      <h3 className="text-sm font-medium">Try it out</h3>
      <Field
        label="Input"
        hint={changed ? "What is stored is called: save your changes first." : undefined}
      >
        <DraftsProvider value={drafts}>
          <JsonField name="trial" value={input} onChange={setInput} minHeight="72px" />
        </DraftsProvider>
      </Field>
      <div>
        <Button
          loading={trial.isPending}
          disabled={unread}
          title={unread ? "Correct the input first." : undefined}
          onClick={() => trial.mutate((input ?? {}) as Record<string, unknown>)}
        >
          <Play aria-hidden />
          Call the tool
        </Button>
      </div>
      <div aria-live="polite" className="flex flex-col gap-2">
        {trial.error && <FormError message={toApiError(trial.error).message} />}
        {trial.data?.data && !trial.isPending && <Ended result={trial.data.data} />}
      </div>
    </section>
  );
}

/** Below the fold of a sheet, nobody would see it. */
const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: "nearest" });

function Ended({ result }: { result: TrialResult }) {
  const { ok, output, error, logs, duration_ms, tier } = result;
  const where = tier === "wasm" ? " in the built-in sandbox" : tier ? ` in ${tier}` : "";
  return (
    <div ref={intoView} className="flex flex-col gap-2">
      <p className="text-xs text-muted">
        {ok ? "Done" : "Failed"} after {formatDuration(duration_ms)}
        {where}.
      </p>
      {error && (
        <div role="alert" className="text-sm text-failed">
          <PlainText text={error.message} />
        </div>
      )}
      {ok && <JsonView value={output} />}
      {logs && (
        <div>
          <p className="text-xs font-medium text-muted">Printed</p>
          <PlainText text={logs} />
        </div>
      )}
    </div>
  );
}

/** An input with the properties that the schema requires, empty. */
function example(schema: Tool["input_schema"]): Record<string, unknown> {
  const properties = (schema.properties ?? {}) as Record<string, { type?: unknown } | undefined>;
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  const empty: Record<string, unknown> = {
    string: "",
    integer: 0,
    number: 0,
    boolean: false,
    array: [],
    object: {},
  };
  return Object.fromEntries(
    required.map((name) => [name, empty[String(properties[name]?.type)] ?? null]),
  );
}
