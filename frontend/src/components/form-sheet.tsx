"use client";

/** A form in a drawer: saves, says what is wrong, and does not lose what was typed by a stray Esc. */
import { useId, useState, type ReactNode } from "react";
import { Button } from "./button";
import { ConfirmDialog } from "./confirm-dialog";
import { FormError } from "./form-error";
import { ReadOnlyForm } from "./more-fields";
import { Sheet } from "./sheet";

type FormSheetProps = {
  title: string;
  description?: ReactNode;
  onClose: () => void;
  onSubmit: () => Promise<void>;
  /** The verb on the button. */
  verb: string;
  saving: boolean;
  /** There is something typed that is not saved. */
  dirty: boolean;
  /** What is wrong with the form as a whole. */
  problem?: string;
  /** Only to be read: everything is shown, nothing can be changed. */
  readOnly?: boolean;
  /** Buttons at the left of the foot. */
  extra?: ReactNode;
  /** Below the form, not part of it. */
  after?: ReactNode;
  size?: "md" | "lg";
  children: ReactNode;
};

/** Open while it is rendered. */
export function FormSheet(props: FormSheetProps) {
  const { title, description, onClose, onSubmit, verb, saving, dirty, readOnly, size } = props;
  const id = useId();
  const [asking, setAsking] = useState(false);
  const close = () => (dirty && !readOnly ? setAsking(true) : onClose());
  const footer = readOnly ? (
    <Button onClick={onClose}>Close</Button>
  ) : (
    <>
      {props.extra && <div className="mr-auto flex gap-2">{props.extra}</div>}
      <Button onClick={close}>Cancel</Button>
      <Button type="submit" form={id} variant="primary" loading={saving}>
        {verb}
      </Button>
    </>
  );
  return (
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
          void onSubmit();
        }}
      >
        {/* What is only to be read must be well readable: not dimmed like a control out of use. */}
        <fieldset
          disabled={readOnly}
          className="flex min-w-0 flex-col gap-4 [&:disabled_:disabled]:opacity-100 [&:disabled_:is(input,textarea,[role=combobox])]:bg-sunken"
        >
          <ReadOnlyForm value={readOnly ?? false}>{props.children}</ReadOnlyForm>
          <FormError message={props.problem} />
        </fieldset>
      </form>
      {props.after}
      {asking && (
        <ConfirmDialog
          title="Discard what you typed?"
          description="It is not saved yet and cannot be brought back."
          verb="Discard"
          onConfirm={onClose}
          onClose={() => setAsking(false)}
        />
      )}
    </Sheet>
  );
}
