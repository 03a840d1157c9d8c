"use client";

/** An invitation's link, when no mail could carry it. */
import { SecretDialog } from "@/components/secret-dialog";

type LinkDialogProps = { email: string; link: string; onClose: () => void };

export function LinkDialog({ email, link, onClose }: LinkDialogProps) {
  return (
    <SecretDialog
      title={`${email} is invited`}
      description="No mail went out, so hand this link over yourself. It is shown only now; whoever has it can accept."
      label="Invitation link"
      text={link}
      onClose={onClose}
    />
  );
}
