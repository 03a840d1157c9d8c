"use client";

/** How a webhook answers services that try out its address before they call it. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { SecretInput } from "@/components/secret-input";
import { Switch } from "@/components/switch";
import type { TriggerValues } from "../form";

type Form = { form: UseFormReturn<TriggerValues> };

export function ChallengeFields({ form }: Form) {
  const on = useWatch({ control: form.control, name: "webhook.challenge.on" });
  return (
    <>
      <FormField
        control={form.control}
        name="webhook.challenge.on"
        label="Answer challenges"
        hint="For services that check the address first. A challenge does not start the flow."
        inline
      >
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
      {on && <Rules form={form} />}
    </>
  );
}

function Rules({ form }: Form) {
  const asks = useWatch({ control: form.control, name: "webhook.challenge.asks_token" });
  const stored = form.formState.defaultValues?.webhook?.challenge?.asks_token;
  return (
    <>
      <FormField
        control={form.control}
        name="webhook.challenge.query"
        label="Query parameter to answer"
      >
        {(bound) => <Input mono autoComplete="off" {...bound} />}
      </FormField>
      <FormField
        control={form.control}
        name="webhook.challenge.json_body"
        label="Answer JSON challenges too"
        hint={'A body with "type": "url_verification", as Slack sends it.'}
        inline
      >
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
      <FormField
        control={form.control}
        name="webhook.challenge.asks_token"
        label="The service must send a token"
        inline
      >
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
      {asks && (
        <>
          <FormField control={form.control} name="webhook.challenge.token" label="Token">
            {(bound) => <SecretInput storedHint={stored ? "stored" : null} {...bound} />}
          </FormField>
          <FormField
            control={form.control}
            name="webhook.challenge.token_query"
            label="Query parameter with the token"
          >
            {(bound) => <Input mono autoComplete="off" {...bound} />}
          </FormField>
        </>
      )}
    </>
  );
}
