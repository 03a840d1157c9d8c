"use client";

/** What a newcomer does first, ticked off as it really happens; gone when all of it is done. */
import { Circle, CircleCheck } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { useCan } from "@/features/auth";
import { EXAMPLES_PATH, flowHref, useCreateFlow } from "@/features/flows";
import { NEW_MODEL_PATH, useDemoModel } from "@/features/providers";
import { cn } from "@/lib/cn";

type FirstStepsProps = {
  hasModel: boolean;
  /** The flow one would run; null while there is none. */
  flowId: string | null;
  hasRun: boolean;
};

export function FirstSteps({ hasModel, flowId, hasRun }: FirstStepsProps) {
  const next = !hasModel ? "model" : !flowId ? "flow" : "run";
  return (
    <section aria-labelledby="first-steps" className="mt-6">
      <h2 id="first-steps" className="mb-2 text-base font-semibold">
        First steps
      </h2>
      <ol className="border-t">
        <Step
          done={hasModel}
          title="Connect a model"
          text="Agents need a model. To look around first, use the demo model. It gives scripted answers, without a key and without cost."
          actions={<ModelActions primary={next === "model"} />}
        />
        <Step
          done={flowId !== null}
          title="Open an example, or draw a flow"
          text="A flow connects agents, crews, models and conditions on a canvas."
          actions={<FlowActions primary={next === "flow"} />}
        />
        <Step
          done={hasRun}
          title="Run it"
          text="Watch each node work live, then read the result and its cost."
          actions={flowId && <RunAction flowId={flowId} primary={next === "run"} />}
        />
      </ol>
    </section>
  );
}

type StepProps = { done: boolean; title: string; text: string; actions: ReactNode };

function Step({ done, title, text, actions }: StepProps) {
  return (
    <li className="flex items-start gap-3 border-b px-2 py-3">
      {done ? (
        <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-completed" />
      ) : (
        <Circle aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      )}
      <div className="min-w-0 flex-1">
        <h3 className={cn("font-medium", done && "text-muted")}>
          {title}
          {done && <span className="sr-only"> (done)</span>}
        </h3>
        {!done && <p className="text-muted">{text}</p>}
        {!done && actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </li>
  );
}

type Emphasis = { primary: boolean };
const looks = (primary: boolean) => (primary ? "primary" : "secondary");

function ModelActions({ primary }: Emphasis) {
  const demo = useDemoModel();
  if (!useCan("providers:write")) return <p>Ask an admin of the tenant to connect a model.</p>;
  return (
    <>
      <Button variant={looks(primary)} loading={demo.isPending} onClick={() => demo.mutate()}>
        Use the demo model
      </Button>
      <Button asChild>
        <Link href={NEW_MODEL_PATH} prefetch={false}>
          Connect a model
        </Link>
      </Button>
    </>
  );
}

function FlowActions({ primary }: Emphasis) {
  const create = useCreateFlow();
  if (!useCan("flows:write")) return null;
  return (
    <>
      <Button asChild variant={looks(primary)}>
        <Link href={EXAMPLES_PATH} prefetch={false}>
          Start from an example
        </Link>
      </Button>
      <Button loading={create.isPending} onClick={() => create.mutate(undefined)}>
        New flow
      </Button>
    </>
  );
}

function RunAction({ flowId, primary }: Emphasis & { flowId: string }) {
  if (!useCan("flows:execute")) return null;
  return (
    <Button asChild variant={looks(primary)}>
      <Link href={flowHref(flowId)} prefetch={false}>
        Open the flow
      </Link>
    </Button>
  );
}
