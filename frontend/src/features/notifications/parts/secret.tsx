"use client";

/** The secret that signs what URLs are told; shown only when it is new. */
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { SecretLine } from "@/components/secret-line";
import { toast } from "@/components/toast";
import { useRotateSecret } from "../api";

export function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="The secret of its signatures"
      description="The receiver checks with it who calls. Copy it now: it is shown only this once."
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <SecretLine label="Secret" text={secret} />
    </Dialog>
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
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(null)} />}
    </>
  );
}
