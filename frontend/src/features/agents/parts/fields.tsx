"use client";

/** The fields of an agent: who it is, what it thinks with, and its options under "More". */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Combobox } from "@/components/combobox";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { MoreFields } from "@/components/more-fields";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { Textarea } from "@/components/textarea";
import { useAllProviders, type Provider } from "@/features/providers";
import { ToolChoice } from "@/features/tools";
import type { AgentValues } from "../form";

type Form = { form: UseFormReturn<AgentValues> };

export function AgentFields({ form }: Form) {
  const { errors } = form.formState;
  return (
    <>
      <Field label="Name" hint="What your team calls it." error={errors.name?.message}>
        <Input {...form.register("name")} />
      </Field>
      <Field label="Role" error={errors.role?.message}>
        <Input placeholder="Senior researcher" {...form.register("role")} />
      </Field>
      <Field
        label="Goal"
        hint="You can use inputs of the flow, e.g. {{ inputs.topic }}."
        error={errors.goal?.message}
      >
        <Textarea
          placeholder="Find reliable facts on {{ inputs.topic }}"
          {...form.register("goal")}
        />
      </Field>
      <Field
        label="Backstory"
        optional
        hint="The agent’s experience and style. It shapes how the agent writes and decides."
        error={errors.backstory?.message}
      >
        <Textarea {...form.register("backstory")} />
      </Field>
      <ModelFields form={form} />
      <FormField
        control={form.control}
        name="tool_ids"
        label="Tools"
        optional
        hint="What the agent may use. It reads their descriptions to decide when."
      >
        {({ value, onChange }) => <ToolChoice value={value} onChange={onChange} />}
      </FormField>
      <MoreFields label="More options" open={Boolean(errors.config)}>
        <Options form={form} />
      </MoreFields>
    </>
  );
}

/** Radix has no empty choice. */
const DEFAULT = "default";

function ModelFields({ form }: Form) {
  const { data: providers = [] } = useAllProviders();
  const providerId = useWatch({ control: form.control, name: "provider_id" });
  const chosen = providers.find(({ id }) => id === providerId);
  return (
    <div className="grid grid-cols-2 items-start gap-3">
      <FormField control={form.control} name="provider_id" label="Provider">
        {({ value, onChange }) => (
          <Select
            options={[
              { value: DEFAULT, label: "Default", hint: "The first active provider" },
              ...providers.map(({ id, name, is_active }) => ({
                value: id,
                label: name,
                hint: is_active ? undefined : "Not active",
              })),
            ]}
            value={value || DEFAULT}
            onChange={(id) => onChange(id === DEFAULT ? "" : id)}
          />
        )}
      </FormField>
      <FormField control={form.control} name="model" label="Model">
        {({ value, onChange }) => (
          <Combobox
            allowCustom
            options={[{ value: "", label: "Default" }, ...models(chosen ? [chosen] : providers)]}
            value={value}
            onChange={onChange}
            empty="Type the name of a model."
          />
        )}
      </FormField>
    </div>
  );
}

/** Each model once, by the name of the first provider that has it. */
function models(providers: Provider[]) {
  const found = new Map<string, string>();
  for (const { name, models } of providers) {
    for (const model of models) if (!found.has(model)) found.set(model, name);
  }
  return [...found].map(([value, hint]) => ({ value, label: value, hint }));
}

const TIME_LIMITS = [
  { name: "llm_timeout_seconds", label: "Time-out of a model call" },
  { name: "first_token_seconds", label: "Until the first token" },
  { name: "silence_seconds", label: "Between two tokens" },
] as const;

function Options({ form: { control } }: Form) {
  const plans = useWatch({ control, name: "config.reasoning" });
  return (
    <>
      <div className="grid grid-cols-2 items-start gap-3">
        <FormField
          control={control}
          name="config.max_iter"
          label="Maximum model calls"
          hint="How often the agent may call the model for one task."
        >
          {({ value, onChange }) => <NumberInput {...{ value, onChange }} min={1} step={1} />}
        </FormField>
        {TIME_LIMITS.map(({ name, label }) => (
          <FormField key={name} control={control} name={`config.${name}`} label={label} optional>
            {({ value, onChange }) => (
              <NumberInput {...{ value, onChange }} unit="s" placeholder="Provider’s default" />
            )}
          </FormField>
        ))}
        <FormField control={control} name="config.temperature" label="Temperature" optional>
          {({ value, onChange }) => (
            <NumberInput {...{ value, onChange }} min={0} max={2} placeholder="Model’s default" />
          )}
        </FormField>
        <FormField
          control={control}
          name="config.max_tokens"
          label="Maximum tokens"
          hint="For each answer."
          optional
        >
          {({ value, onChange }) => (
            <NumberInput {...{ value, onChange }} min={1} step={1} placeholder="No limit" />
          )}
        </FormField>
      </div>
      <Option control={control} name="config.reasoning" label="Plan before acting" />
      {plans && (
        <FormField
          control={control}
          name="config.max_reasoning_attempts"
          label="Planning attempts"
          optional
        >
          {({ value, onChange }) => (
            <NumberInput
              {...{ value, onChange }}
              min={1}
              max={10}
              step={1}
              placeholder="No limit"
            />
          )}
        </FormField>
      )}
      <Option
        control={control}
        name="config.allow_delegation"
        label="May ask other agents in its crew"
      />
      <Option control={control} name="config.inject_date" label="Tell the agent today’s date" />
      <Option
        control={control}
        name="config.respect_context_window"
        label="Summarise the conversation when the context is full"
      />
      <Option control={control} name="config.use_system_prompt" label="Use a system prompt" />
    </>
  );
}

type OptionProps = {
  control: UseFormReturn<AgentValues>["control"];
  name: `config.${"reasoning" | "allow_delegation" | "inject_date" | "respect_context_window" | "use_system_prompt"}`;
  label: string;
};

function Option({ control, name, label }: OptionProps) {
  return (
    <FormField control={control} name={name} label={label} inline>
      {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
    </FormField>
  );
}
