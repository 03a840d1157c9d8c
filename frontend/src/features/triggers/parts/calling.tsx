"use client";

/** A webhook's address, how to call it, and its secret, which is shown only when it is new. */
import { useState } from "react";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { SecretDialog } from "@/components/secret-dialog";
import { SecretLine } from "@/components/secret-line";
import { toast } from "@/components/toast";
import { useRotateSecret, type MadeTrigger, type Trigger } from "../api";
import { curlExample } from "../form";

type Called = Pick<Trigger, "path" | "webhook">;

function addressOf({ path }: Called): string {
  return `${window.location.origin}${path ?? ""}`;
}

export function Calling({ trigger, names }: { trigger: Trigger; names: string[] }) {
  const rotate = useRotateSecret();
  const [secret, setSecret] = useState<string | null>(null);
  if (!trigger.path) return null;
  const signed = trigger.webhook?.signing !== "none";
  return (
    <section aria-label="How to call it" className="mt-6 flex flex-col gap-3 border-t pt-4">
      <h3 className="font-semibold">How to call it</h3>
      <SecretLine label="Address" text={addressOf(trigger)} />
      <Curl trigger={trigger} names={names} />
      {signed && (
        <Button
          className="self-start"
          loading={rotate.isPending}
          onClick={() =>
            rotate.mutate(trigger.id, {
              onSuccess: (made) => setSecret(made.secret),
              onError: (error) => toast.error("The secret was not changed", error),
            })
          }
        >
          New secret
        </Button>
      )}
      {secret && (
        <SecretDialog
          title="The new secret"
          description="Copy it now. You cannot see it again. The old secret works for another day."
          text={secret}
          onClose={() => setSecret(null)}
        />
      )}
    </section>
  );
}

function Curl({ trigger, names }: { trigger: Called; names: string[] }) {
  const text = curlExample(addressOf(trigger), names, trigger.webhook?.signing !== "none");
  return (
    <div className="flex items-start gap-1 rounded-md border bg-sunken pr-1">
      <pre
        tabIndex={0}
        aria-label="Example call"
        className="min-w-0 flex-1 overflow-x-auto py-2 pl-3 font-mono text-xs"
      >
        {text}
      </pre>
      {/* Beside the text, which scrolls, and never over it. */}
      <CopyButton text={text} label="Copy the example" className="mt-1 shrink-0" />
    </div>
  );
}

/** What is said of a new webhook: its address, its secret, and how to call it. */
export function MadeDialog(props: { made: MadeTrigger; names: string[]; onClose: () => void }) {
  const { made, names, onClose } = props;
  return (
    <SecretDialog
      size="lg"
      title={`“${made.name}” is ready`}
      description={
        made.webhook?.signing === "none"
          ? "Anyone who knows its address can start the flow."
          : "Copy the secret now. You cannot see it again."
      }
      onClose={onClose}
    >
      <div className="flex flex-col gap-3">
        <SecretLine label="Address" text={addressOf(made)} />
        {made.secret && made.webhook?.signing !== "none" && (
          <SecretLine label="Secret" text={made.secret} />
        )}
        <Curl trigger={made} names={names} />
      </div>
    </SecretDialog>
  );
}
