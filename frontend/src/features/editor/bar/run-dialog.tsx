"use client";

/** Asks for the inputs of the flow, as the Input node declares them. */
import { Play } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { DraftsProvider, useFormDrafts } from "@/components/drafts";
import { InputFields } from "@/components/input-fields";
import { toApiError } from "@/lib/api/error";
import { fieldName } from "@/lib/api/form";
import { unreadyInputs, startValues, type InputField } from "@/lib/inputs";

type RunDialogProps = {
  fields: InputField[];
  /** What the last execution was given. */
  last: Record<string, unknown> | null;
  onClose: () => void;
  onRun: (inputs: Record<string, unknown>) => Promise<void>;
};

export function RunDialog({ fields, last, onClose, onRun }: RunDialogProps) {
  const [values, setValues] = useState(() => startValues(fields, last));
  const drafts = useFormDrafts();
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [running, setRunning] = useState(false);

  async function submit() {
    const unready = unreadyInputs(fields, values, drafts.texts);
    setErrors(unready);
    if (Object.keys(unready).length > 0) return;
    setRunning(true);
    try {
      await onRun(values);
      onClose();
    } catch (error) {
      setErrors(inputErrors(error, fields));
    } finally {
      setRunning(false);
    }
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Run flow"
      description="This runs the current draft."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="run-inputs" loading={running}>
            <Play aria-hidden />
            Run flow
          </Button>
        </>
      }
    >
      <form
        id="run-inputs"
        noValidate
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <DraftsProvider value={drafts}>
          <InputFields
            fields={fields}
            values={values}
            errors={errors}
            onChange={(name, value) => setValues((before) => ({ ...before, [name]: value }))}
          />
        </DraftsProvider>
        {errors[""] && (
          <p role="alert" className="text-failed">
            {errors[""]}
          </p>
        )}
      </form>
    </Dialog>
  );
}

/** The server's word on each input; what belongs to none of the form's fields stands below the form, under "". */
function inputErrors(error: unknown, fields: InputField[]): Record<string, string> {
  const problem = toApiError(error);
  const errors: Record<string, string> = {};
  for (const { loc, message } of problem.errors) {
    const [place, name] = fieldName(loc).split(".");
    const own = place === "inputs" && fields.some((field) => field.name === name);
    errors[own && name !== undefined ? name : ""] ??= message;
  }
  return problem.code === "flow_invalid" || problem.errors.length === 0
    ? { "": problem.message }
    : errors;
}
