"use client";

/** Shows something secret that was just made, this once. */
import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog, type DialogProps } from "./dialog";
import { SecretLine } from "./secret-line";

type SecretDialogProps = Pick<DialogProps, "title" | "description" | "size"> & {
  /** What it is, e.g. "Secret". */
  label?: string;
  /** The secret itself; without it, `children` show what there is. */
  text?: string;
  onClose: () => void;
  children?: ReactNode;
};

/** Open while it is rendered. */
export function SecretDialog(props: SecretDialogProps) {
  const { label = "Secret", text, onClose, children, ...head } = props;
  return (
    <Dialog
      {...head}
      open
      onOpenChange={(open) => !open && onClose()}
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      {text !== undefined && <SecretLine label={label} text={text} />}
      {children}
    </Dialog>
  );
}
