"use client";

/** The answer that a webhook makes of its execution's outputs. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { Select } from "@/components/select";
import { Textarea } from "@/components/textarea";
import { replyTypes, type TriggerValues } from "../form";

const types = replyTypes.map((value) => ({ value, label: value }));

export function ReplyFields({ form }: { form: UseFormReturn<TriggerValues> }) {
  const type = useWatch({ control: form.control, name: "webhook.reply.content_type" });
  return (
    <>
      <FormField
        control={form.control}
        name="webhook.reply.status"
        label="Status"
        hint="200 to 299 or 400 to 599, or one expression such as {{ inputs.outputs.status }}."
      >
        {(bound) => <Input mono autoComplete="off" {...bound} />}
      </FormField>
      <FormField control={form.control} name="webhook.reply.content_type" label="Content type">
        {(bound) => <Select {...bound} options={types} />}
      </FormField>
      <FormField
        control={form.control}
        name="webhook.reply.body"
        label="Body"
        hint={
          type === "application/json"
            ? "JSON, or one expression that uses inputs.outputs. Empty means the outputs."
            : "A text with expressions that use inputs.outputs."
        }
      >
        {(bound) => <Textarea mono spellCheck={false} {...bound} />}
      </FormField>
    </>
  );
}
