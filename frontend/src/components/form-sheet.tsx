"use client";

/** A form in a drawer: saves, says what is wrong, and does not lose what was typed by a stray Esc. */
import { Trash2 } from "lucide-react";
import { useEffect, useId, useState, type ReactNode } from "react";
import { Button } from "./button";
import { ConfirmDialog } from "./confirm-dialog";
import { FormError } from "./form-error";
import { ReadOnlyForm } from "./more-fields";
import { Sheet } from "./sheet";

type FormSheetProps = {
  title: string;
  description?: ReactNode;
  onClose: () => void;
  /** Of useSave: `dirty`, there is something typed that is not saved; `problem`, of the form as a whole. */
  form: { onSubmit: () => Promise<void>; saving: boolean; dirty: boolean; problem?: string };
  /** The verb on the button. */
  verb: string;
  /** Only to be read: everything is shown, nothing can be changed. */
  readOnly?: boolean;
  /** Given, the foot has a button that asks with this dialog before what is stored is deleted. */
  deletion?: (asked: { onClose: () => void; onDeleted: () => void }) => ReactNode;
  /** Further buttons at the left of the foot. */
  extra?: ReactNode;
  /** Below the form, not part of it. */
  after?: ReactNode;
  size?: "md" | "lg";
  children: ReactNode;
};

/**
 * A fieldset of fields, one below the other. What is only to be read must be well readable: not dimmed like a
 * control out of use.
 */
export const fieldsClass =
  "flex min-w-0 flex-col gap-4 [&:disabled_:disabled]:opacity-100 [&:disabled_:is(input,textarea,[role=combobox])]:bg-sunken";

/** Open while it is rendered. */
export function FormSheet(props: FormSheetProps) {
  const { title, description, onClose, form, verb, deletion, readOnly, size } = props;
  const id = useId();
  const [asking, setAsking] = useState<"discard" | "delete" | null>(null);
  const close = () => (form.dirty && !readOnly ? setAsking("discard") : onClose());
  const stay = () => setAsking(null);
  const unsaved = form.dirty && !readOnly;
  useEffect(() => {
    if (!unsaved) return;
    // The browser asks before the page goes: by hand, or because a sign-in has ended.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);
  const footer = readOnly ? (
    <Button onClick={onClose}>Close</Button>
  ) : (
    <>
      <div className="mr-auto flex gap-2">
        {deletion && (
          <Button variant="ghost" onClick={() => setAsking("delete")}>
            <Trash2 aria-hidden />
            Delete
          </Button>
        )}
        {props.extra}
      </div>
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" form={id} variant="primary" loading={form.saving}>
        {verb}
      </Button>
    </>
  );
  return (
    <>
      <Sheet
        open
        onOpenChange={(open) => !open && close()}
        title={title}
        description={description}
        footer={footer}
        size={size}
      >
        <form
          id={id}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void form.onSubmit();
          }}
        >
          <fieldset disabled={readOnly} className={fieldsClass}>
            <ReadOnlyForm value={readOnly ?? false}>{props.children}</ReadOnlyForm>
            <FormError message={form.problem} />
          </fieldset>
        </form>
        {props.after}
      </Sheet>
      {asking === "discard" && (
        <ConfirmDialog
          title="Discard your changes?"
          description="They are not saved, and you cannot get them back."
          verb="Discard"
          onConfirm={onClose}
          onClose={stay}
        />
      )}
      {asking === "delete" && deletion?.({ onClose: stay, onDeleted: onClose })}
    </>
  );
}
