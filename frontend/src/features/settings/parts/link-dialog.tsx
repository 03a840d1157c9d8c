"use client";

/** An invitation's link, when no mail could carry it. */
import { SecretDialog } from "@/components/secret-dialog";

type LinkDialogProps = { email: string; link: string; onClose: () => void };

export function LinkDialog({ email, link, onClose }: LinkDialogProps) {
  return (
    <SecretDialog
      title={`${email} is invited`}
      description="No mail was sent, so send them this link yourself. Copy it now. You cannot see it again, and anyone who has it can accept the invitation."
      label="Invitation link"
      text={link}
      onClose={onClose}
    />
  );
}
