"use client";

/** The secret that signs what URLs are told; shown only when it is new. */
import { useState } from "react";
import { Button } from "@/components/button";
import { SecretDialog } from "@/components/secret-dialog";
import { toast } from "@/components/toast";
import { useRotateSecret } from "../api";

/** What is said of a new secret. */
export function SigningSecret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <SecretDialog
      title="Signing secret"
      description="The receiver uses it to check that a call comes from Watchbill. Copy it now. You cannot see it again."
      text={secret}
      onClose={onClose}
    />
  );
}

export function NewSecret({ id }: { id: string }) {
  const rotate = useRotateSecret();
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
      <Button
        className="mt-4"
        loading={rotate.isPending}
        onClick={() =>
          rotate.mutate(id, {
            onSuccess: setSecret,
            onError: (error) => toast.error("The secret was not changed", error),
          })
        }
      >
        New secret
      </Button>
      {secret && <SigningSecret secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}
