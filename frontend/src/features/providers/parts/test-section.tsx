"use client";

/** Asks the stored provider something tiny and says how it went. */
import { CircleCheck, CircleX, Zap } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/button";
import { Duration } from "@/components/measures";
import { Select } from "@/components/select";
import { toApiError } from "@/lib/api/error";
import { useTestProvider, type Provider, type TestResult } from "../api";

type TestSectionProps = {
  provider: Provider;
  /** The form differs from what is stored, and the stored is what is tested. */
  dirty: boolean;
};

export function TestSection({ provider, dirty }: TestSectionProps) {
  const { mutate, data, error, isPending } = useTestProvider();
  const [model, setModel] = useState(provider.models[0]);
  const outcome = useRef<HTMLDivElement>(null);
  // It comes below the fold of the drawer, where nobody would see that it came.
  useEffect(() => {
    if (data || error) outcome.current?.scrollIntoView({ block: "nearest" });
  }, [data, error]);
  const chosen = provider.models.includes(model ?? "") ? model : provider.models[0];
  return (
    <section aria-label="Test" className="mt-6 border-t pt-4">
      <div className="flex items-center gap-2">
        <h3 className="mr-auto font-medium">Test the connection</h3>
        {provider.models.length > 1 && (
          <Select
            aria-label="Model to test"
            className="w-48"
            options={provider.models.map((value) => ({ value, label: value }))}
            value={chosen}
            onChange={setModel}
          />
        )}
        <Button
          loading={isPending}
          disabled={dirty}
          onClick={() => mutate({ id: provider.id, model: chosen })}
        >
          <Zap aria-hidden />
          Test
        </Button>
      </div>
      <div ref={outcome} role="status" className="mt-2 scroll-mb-4">
        {dirty && <p className="text-muted">Save first. The test uses the saved provider.</p>}
        {!dirty && data && <Outcome result={data} />}
        {!dirty && error && <Failed text={toApiError(error).message} />}
      </div>
    </section>
  );
}

function Outcome({ result }: { result: TestResult }) {
  if (!result.ok) return <Failed text={result.error ?? "The provider did not answer."} />;
  return (
    <p className="flex items-center gap-2 rounded-md bg-completed-soft px-3 py-2 text-completed">
      <CircleCheck aria-hidden className="size-4 shrink-0" />
      <span>
        <span className="font-mono text-xs">{result.model}</span> answered in{" "}
        <Duration ms={result.latency_ms} />.
      </span>
    </p>
  );
}

function Failed({ text }: { text: string }) {
  return (
    <p className="flex gap-2 rounded-md bg-failed-soft px-3 py-2 text-failed">
      <CircleX aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 break-words">{text}</span>
    </p>
  );
}
