"use client";

/** Approving or rejecting in place: the form that was asked for, a comment, two buttons. */
import { Check, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { DraftsProvider, useFormDrafts } from "@/components/drafts";
import { InputFields } from "@/components/input-fields";
import { Textarea } from "@/components/textarea";
import { unreadyInputs, startValues, type InputField } from "@/lib/inputs";
import type { Answering } from "../api";
import { answerErrors } from "../errors";

type AnswerFormProps = {
  asked: { title: string; fields: InputField[] };
  answer: Answering;
  onAnswered?: (approved: boolean) => void;
};

export function AnswerForm({ asked, answer, onAnswered }: AnswerFormProps) {
  const fields = asked.fields.map((field) => ({ ...field, required: field.required ?? true }));
  const [values, setValues] = useState(() => startValues(fields, null));
  const [comment, setComment] = useState("");
  const drafts = useFormDrafts();
  const [errors, setErrors] = useState<Record<string, string>>({});

  function send(approved: boolean) {
    const unready = approved ? unreadyInputs(fields, values, drafts.texts) : {};
    setErrors(unready);
    if (Object.keys(unready).length > 0) return;
    answer.mutate(
      { approved, comment, values: approved ? values : {} },
      {
        onSuccess: () => onAnswered?.(approved),
        onError: (error) => setErrors(answerErrors(error)),
      },
    );
  }
  return (
    <form
      noValidate
      aria-label={`Answer “${asked.title}”`}
      className="flex max-w-120 flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        send(true);
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
      <Field label="Comment" optional>
        <Textarea
          rows={2}
          maxLength={10_000}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
      </Field>
      <FormError message={errors[""]} />
      <div className="flex gap-2">
        <Button
          variant="primary"
          type="submit"
          loading={answer.isPending && answer.variables.approved}
          obstacle={answer.isPending ? "The answer is being sent." : null}
        >
          <Check aria-hidden />
          Approve
        </Button>
        <Button
          loading={answer.isPending && !answer.variables.approved}
          obstacle={answer.isPending ? "The answer is being sent." : null}
          onClick={() => send(false)}
        >
          <X aria-hidden />
          Reject
        </Button>
      </div>
    </form>
  );
}
