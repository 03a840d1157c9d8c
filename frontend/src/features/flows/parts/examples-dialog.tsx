"use client";

/** The examples that come with Watchbill; choosing one makes a flow of it and opens it. */
import { ArrowRight, Workflow } from "lucide-react";
import { Dialog } from "@/components/dialog";
import { ErrorState } from "@/components/error-state";
import { IconTile } from "@/components/icon-tile";
import { Skeleton } from "@/components/skeleton";
import { Spinner } from "@/components/spinner";
import { useCreateFlow, useExamples, type Example } from "../api";

export function ExamplesDialog({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useExamples();
  const create = useCreateFlow();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Start from an example"
      description="You get your own copy of the example. You can run and change it."
    >
      {error ? (
        <ErrorState
          error={error}
          title="The examples could not be loaded"
          onRetry={() => void refetch()}
        />
      ) : (
        <ul className="border-t">
          {data?.items.map((example) => (
            <li key={example.name}>
              <ExampleRow
                example={example}
                busy={create.isPending && create.variables?.name === example.name}
                disabled={create.isPending}
                onChoose={() => create.mutate(example)}
              />
            </li>
          ))}
          {!data && <Loading />}
        </ul>
      )}
    </Dialog>
  );
}

type ExampleRowProps = {
  example: Example;
  busy: boolean;
  disabled: boolean;
  onChoose: () => void;
};

function ExampleRow({ example, busy, disabled, onChoose }: ExampleRowProps) {
  return (
    <button
      type="button"
      disabled={disabled}
      onClick={onChoose}
      className="group flex w-full items-start gap-3 border-b px-2 py-3 text-left transition-colors hover:bg-hover"
    >
      <IconTile group="logic">
        <Workflow />
      </IconTile>
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{example.title}</span>
        <span className="block text-muted">{example.description}</span>
      </span>
      <span className="mt-1.5 text-muted">
        {busy ? (
          <Spinner label="Creating the flow" />
        ) : (
          <ArrowRight aria-hidden className="size-4" />
        )}
      </span>
    </button>
  );
}

function Loading() {
  return Array.from({ length: 3 }, (_, index) => (
    <li key={index} className="flex gap-3 border-b px-2 py-3">
      <Skeleton className="size-7 rounded-md" />
      <span className="flex flex-1 flex-col gap-1">
        <Skeleton className="h-5 w-40" />
        <Skeleton className="h-5" />
      </span>
    </li>
  ));
}
