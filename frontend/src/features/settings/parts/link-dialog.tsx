"use client";

/** An invitation's link, when no mail could carry it. */
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { SecretLine } from "@/components/secret-line";

type LinkDialogProps = { email: string; link: string; onClose: () => void };

export function LinkDialog({ email, link, onClose }: LinkDialogProps) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`${email} is invited`}
      description="No mail went out, so hand this link over yourself. It is shown only now; whoever has it can accept."
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <SecretLine label="Invitation link" text={link} />
    </Dialog>
  );
}
