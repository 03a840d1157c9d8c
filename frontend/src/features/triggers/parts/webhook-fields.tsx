"use client";

/** How calls of a webhook are checked, and what its caller is answered. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { FormField } from "@/components/form-field";
import { MoreFields } from "@/components/more-fields";
import { NumberInput } from "@/components/number-input";
import { Segmented } from "@/components/segmented";
import { Select } from "@/components/select";
import type { TriggerValues } from "../form";
import { ChallengeFields } from "./challenge-fields";
import { ReplyFields } from "./reply-fields";

type Form = { form: UseFormReturn<TriggerValues> };

const signatures = [
  { value: "required", label: "Only calls signed with the secret" },
  { value: "none", label: "Anyone who knows the address" },
];
const answers = [
  { value: "at_once" as const, label: "At once" },
  { value: "result" as const, label: "With the result" },
  { value: "reply" as const, label: "Custom" },
];
const answerHints = {
  at_once: "The caller gets the execution's id.",
  result:
    "The caller waits for the outputs. If the wait is over first, the caller gets the execution's id.",
  reply:
    "The caller waits for an answer that you write from the outputs. If the wait is over first, the caller gets the execution's id.",
};

export function WebhookFields({ form }: Form) {
  const { errors } = form.formState;
  const rules = useWatch({ control: form.control, name: "webhook" });
  return (
    <>
      <FormField
        control={form.control}
        name="webhook.signing"
        label="Who may call"
        hint={
          rules.signing === "none"
            ? "Anyone who knows the address can start the flow, so keep it secret."
            : "Calls that are unsigned, too old or changed are refused."
        }
      >
        {(bound) => <Select {...bound} options={signatures} />}
      </FormField>
      <FormField
        control={form.control}
        name="webhook.answer"
        label="Answer"
        hint={answerHints[rules.answer]}
      >
        {({ value, onChange }) => (
          <Segmented label="Answer" options={answers} value={value} onChange={onChange} />
        )}
      </FormField>
      {rules.answer !== "at_once" && (
        <Amount form={form} name="wait_seconds" label="Wait at most" unit="s" />
      )}
      {rules.answer === "reply" && <ReplyFields form={form} />}
      <MoreFields
        open={Boolean(
          errors.webhook?.window_seconds ||
          errors.webhook?.max_body_bytes ||
          errors.webhook?.challenge,
        )}
      >
        <ChallengeFields form={form} />
        {rules.signing === "required" && (
          <Amount form={form} name="window_seconds" label="A signature is valid for" unit="s" />
        )}
        <Amount form={form} name="max_body_bytes" label="Largest body" unit="B" />
      </MoreFields>
    </>
  );
}

type AmountProps = Form & {
  name: "wait_seconds" | "window_seconds" | "max_body_bytes";
  label: string;
  unit: string;
};

function Amount({ form, name, label, unit }: AmountProps) {
  return (
    <FormField control={form.control} name={`webhook.${name}`} label={label}>
      {({ value, onChange }) => (
        <NumberInput min={1} step={1} unit={unit} value={value} onChange={onChange} />
      )}
    </FormField>
  );
}
