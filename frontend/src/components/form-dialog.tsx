"use client";

/** A short form in a dialog: one saves it or leaves it. */
import { useId, type ReactNode } from "react";
import { Button } from "./button";
import { Dialog, type DialogProps } from "./dialog";
import { FormError } from "./form-error";

type FormDialogProps = Pick<DialogProps, "title" | "description" | "size"> & {
  onClose: () => void;
  /** Of useSave. */
  form: { onSubmit: () => Promise<void>; saving: boolean; problem?: string };
  /** The verb on the button. */
  verb: string;
  children: ReactNode;
};

/** Open while it is rendered. */
export function FormDialog({ onClose, form, verb, children, ...head }: FormDialogProps) {
  const id = useId();
  return (
    <Dialog
      {...head}
      open
      onOpenChange={(open) => !open && onClose()}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} variant="primary" loading={form.saving}>
            {verb}
          </Button>
        </>
      }
    >
      <form
        id={id}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void form.onSubmit();
        }}
        className="flex flex-col gap-4"
      >
        {children}
        <FormError message={form.problem} />
      </form>
    </Dialog>
  );
}
