"use client";

/** Asks before something that undo cannot bring back; a refusal is shown where it was asked. */
import { useState, type ReactNode } from "react";
import { toApiError } from "@/lib/api/error";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { FormError } from "./form-error";

type ConfirmDialogProps = {
  title: string;
  /** What happens, and what stays. */
  description: ReactNode;
  /** The verb on the button. */
  verb: string;
  /** What can be chosen about it. */
  children?: ReactNode;
  /** False while it is not known yet what there is to choose. */
  ready?: boolean;
  onConfirm: () => Promise<unknown> | void;
  onClose: () => void;
};

/** Open while it is rendered. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, description, verb, children, ready = true, onConfirm, onClose } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  async function confirm() {
    setBusy(true);
    setProblem(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(toApiError(error).message);
      setBusy(false);
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="sm"
      title={title}
      description={description}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" disabled={!ready} loading={busy} onClick={() => void confirm()}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      {problem && <FormError message={problem} />}
    </Dialog>
  );
}
