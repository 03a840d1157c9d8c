"use client";

/** What an execution gave, or why there is nothing, or what is being written meanwhile. */
import { Failure } from "./failure";
import { StreamText } from "./stream-text";
import { ValueView } from "./value-view";
import { isFinal, type ExecutionState, type Json } from "@/lib/events";
import { inOrder } from "@/lib/ordered";
import type { OutlineItem } from "../model/outline";
import type { LiveExecution } from "../use-live-execution";

type ResultProps = { execution: LiveExecution; onSelect: (path: string) => void };

export function Result({ execution: { state, items, itemAt, detail }, onSelect }: ResultProps) {
  const { error, outputs } = state;
  if (!isFinal(state.status)) return <Meanwhile state={state} items={items} />;
  if (error) {
    const at = error.node_id ? itemAt(error.node_id) : undefined;
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

function Meanwhile({ state, items }: { state: ExecutionState; items: OutlineItem[] }) {
  const writing = items.flatMap((item) => {
    const node = state.nodes.get(item.id);
    return node?.status === "running" && node.text.length > 0 ? [{ item, node }] : [];
  });
  if (writing.length === 0) {
    const note = newestNote(state, items);
    return (
      <p className="text-muted">
        {waiting[state.status as keyof typeof waiting]}
        {note && ` ${note}`}
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      {writing.map(({ item, node }) => (
        <section key={item.id} aria-label={item.name}>
          <h3 className="flex h-8 items-center text-xs font-medium text-muted">
            {item.name} is writing
          </h3>
          <StreamText label={`${item.name} is writing`} text={node.text} live />
        </section>
      ))}
    </div>
  );
}

/** What a node that runs logged last, e.g. that its worker is still starting. */
function newestNote(state: ExecutionState, items: OutlineItem[]): string | undefined {
  const nodes = items.flatMap(({ id }) => state.nodes.get(id) ?? []);
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
