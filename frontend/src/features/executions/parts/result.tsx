"use client";

/** What a run gave, or why there is nothing, or what is being written meanwhile. */
import { Failure } from "./failure";
import { StreamText } from "./stream-text";
import { ValueView } from "./value-view";
import { isFinal, type ExecutionState, type Json } from "@/lib/events";
import { inOrder } from "@/lib/ordered";
import type { Step } from "../model/outline";
import type { Run } from "../use-run";

type ResultProps = { run: Run; onSelect: (path: string) => void };

export function Result({ run: { state, steps, stepAt, detail }, onSelect }: ResultProps) {
  const { error, outputs } = state;
  if (!isFinal(state.status)) return <Meanwhile state={state} steps={steps} />;
  if (error) {
    const at = error.node_id ? stepAt(error.node_id) : undefined;
    return (
      <Failure
        error={error}
        where={
          at && (
            <button
              type="button"
              onClick={() => onSelect(at.id)}
              className="rounded-sm text-accent-text underline underline-offset-2"
            >
              at {at.name}
            </button>
          )
        }
      />
    );
  }
  if (outputs === null) {
    return <p className="text-muted">The execution was cancelled before it had a result.</p>;
  }
  // As the author put them: the flow's Output nodes name the order.
  const order = detail?.definition.nodes.flatMap(({ type, config }) =>
    type === "output" && Array.isArray(config?.order) ? config.order : [],
  );
  return (
    <Values
      values={inOrder(outputs, order)}
      empty="The flow has no output values. Add values to its Output node."
    />
  );
}

function Meanwhile({ state, steps }: { state: ExecutionState; steps: Step[] }) {
  const writing = steps.flatMap((step) => {
    const node = state.nodes.get(step.id);
    return node?.status === "running" && node.text.length > 0 ? [{ step, node }] : [];
  });
  if (writing.length === 0) {
    const note = newestNote(state, steps);
    return (
      <p className="text-muted">
        {waiting[state.status as keyof typeof waiting]}
        {note && ` ${note}`}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      {writing.map(({ step, node }) => (
        <section key={step.id} aria-label={step.name}>
          <h3 className="flex h-8 items-center text-xs font-medium text-muted">
            {step.name} is writing
          </h3>
          <StreamText label={`${step.name} is writing`} text={node.text} live />
        </section>
      ))}
    </div>
  );
}

/** What a step that runs logged last, e.g. that its worker is still starting. */
function newestNote(state: ExecutionState, steps: Step[]): string | undefined {
  const nodes = steps.flatMap(({ id }) => state.nodes.get(id) ?? []);
  const lines = nodes.flatMap(({ status, logs }) => (status === "running" ? logs.slice(-1) : []));
  return lines.sort((one, other) => one.seq - other.seq).at(-1)?.message;
}

const waiting = {
  pending: "The execution is in the queue. Its result will appear here.",
  running: "The execution is running. Its result will appear here.",
  waiting: "The execution is waiting. Its result will appear here.",
};

/** Named values, one below the other. */
export function Values({ values, empty }: { values: Record<string, Json>; empty: string }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return <p className="text-muted">{empty}</p>;
  return (
    <div className="flex flex-col gap-3">
      {entries.map(([name, value]) => (
        <ValueView key={name} title={name} value={value} />
      ))}
    </div>
  );
}
