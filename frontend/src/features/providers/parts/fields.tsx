"use client";

/** The fields of a provider: the few that matter for its type first, the rest under "More". */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { MoreFields } from "@/components/more-fields";
import { NumberInput } from "@/components/number-input";
import { SecretInput } from "@/components/secret-input";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { TagsInput } from "@/components/tags-input";
import type { Provider, ProviderType } from "../api";
import { pricesFor, type ProviderValues } from "../form";
import { offeredTypes, providerTypes, type TypeInfo } from "../types";

type FieldsProps = {
  form: UseFormReturn<ProviderValues>;
  /** What is stored; without it the form makes a new one. */
  stored?: Provider;
};

export function ProviderFields({ form, stored }: FieldsProps) {
  const type = useWatch({ control: form.control, name: "provider_type" });
  const { errors } = form.formState;
  const info = providerTypes[type];
  const demo = type === "demo";
  return (
    <>
      {!stored && <TypeField form={form} />}
      <Field label="Name" error={errors.name?.message}>
        <Input placeholder={info.label} {...form.register("name")} />
      </Field>
      {["needed", "optional"].includes(info.address) && <AddressField form={form} info={info} />}
      <ConfigFields form={form} info={info} places={["needed", "optional"]} />
      {["needed", "optional"].includes(info.key) && <KeyField {...{ form, info, stored }} />}
      {!demo && <ModelsField form={form} info={info} />}
      <FormField
        control={form.control}
        name="priority"
        label="Priority"
        hint="The provider with the lowest number is used first. Its first model is the default model."
      >
        {({ value, onChange }) => (
          <NumberInput min={0} step={1} value={value} onChange={onChange} />
        )}
      </FormField>
      <FormField control={form.control} name="is_active" label="Active" inline>
        {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
      </FormField>
      {!demo && (
        <MoreFields
          open={Boolean(
            errors.base_url || errors.api_key || errors.config || errors.prices || errors.limits,
          )}
        >
          {info.address === "more" && <AddressField form={form} info={info} />}
          <ConfigFields form={form} info={info} places={["more"]} />
          {info.key === "more" && <KeyField {...{ form, info, stored }} />}
          <Limits form={form} />
          <Prices form={form} />
        </MoreFields>
      )}
    </>
  );
}

type Form = { form: UseFormReturn<ProviderValues> };
type WithInfo = Form & { info: TypeInfo };

function TypeField({ form }: Form) {
  return (
    <FormField control={form.control} name="provider_type" label="Type">
      {({ value, onChange }) => (
        <Select
          value={value}
          onChange={(type) => onChange(type as ProviderType)}
          options={offeredTypes.map((type) => ({
            value: type,
            label: providerTypes[type].label,
            hint: providerTypes[type].hint,
          }))}
        />
      )}
    </FormField>
  );
}

function AddressField({ form, info }: WithInfo) {
  const more = info.address === "more";
  return (
    <Field
      label="Base URL"
      optional={info.address !== "needed"}
      hint={
        more ? "Only needed when requests must go to another address, e.g. a proxy." : undefined
      }
      error={form.formState.errors.base_url?.message}
    >
      <Input
        type="url"
        mono
        placeholder={info.addressExample}
        spellCheck={false}
        {...form.register("base_url")}
      />
    </Field>
  );
}

function KeyField({ form, info, stored }: WithInfo & { stored?: Provider }) {
  return (
    <Field
      label={info.keyLabel}
      optional={stored !== undefined || info.address === "needed" || info.key === "more"}
      hint="The key is stored encrypted. You cannot see it again."
      error={form.formState.errors.api_key?.message}
    >
      <SecretInput
        autoComplete="new-password"
        storedHint={stored?.api_key_hint}
        {...form.register("api_key")}
      />
    </Field>
  );
}

function ConfigFields({ form, info, places }: WithInfo & { places: string[] }) {
  return info.config
    .filter(({ place }) => places.includes(place))
    .map(({ name, label, example, place }) => (
      <Field
        key={name}
        label={label}
        optional={place === "more"}
        error={form.formState.errors.config?.[name]?.message}
      >
        <Input mono spellCheck={false} placeholder={example} {...form.register(`config.${name}`)} />
      </Field>
    ));
}

function ModelsField({ form, info }: WithInfo) {
  return (
    <FormField
      control={form.control}
      name="models"
      label={info.modelsLabel}
      hint="Type a name and press Enter. The first model is the default."
    >
      {({ value, onChange }) => (
        <TagsInput
          value={value}
          placeholder={info.modelExample}
          onChange={(models) => {
            onChange(models);
            form.setValue("prices", pricesFor(models, form.getValues("prices")));
          }}
        />
      )}
    </FormField>
  );
}

const limitNames = {
  first_token_seconds: ["Until the first token", "120"],
  silence_seconds: ["Between two tokens", "60"],
  timeout_seconds: ["Whole model call", "3600"],
} as const;

function Limits({ form }: Form) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="font-medium">Time-outs</legend>
      <p className="mt-1 text-xs text-muted">For calls without time-outs of their own.</p>
      <div className="grid grid-cols-3 items-start gap-2 max-sm:grid-cols-1">
        {(Object.keys(limitNames) as (keyof typeof limitNames)[]).map((name) => (
          <FormField
            key={name}
            control={form.control}
            name={`limits.${name}`}
            label={limitNames[name][0]}
          >
            {({ value, onChange }) => (
              <NumberInput
                min={0}
                value={value}
                onChange={onChange}
                placeholder={limitNames[name][1]}
                unit="s"
              />
            )}
          </FormField>
        ))}
      </div>
    </fieldset>
  );
}

const priceNames = { input: "input", output: "output", cached_input: "cached" } as const;

function Prices({ form }: Form) {
  const prices = useWatch({ control: form.control, name: "prices" });
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="font-medium">Prices</legend>
      <p className="mt-1 text-xs text-muted">
        In US dollars per million tokens, for models whose price Watchbill does not know. Without a
        price, the cost of the model is not counted. Cached input costs the same as other input
        unless you enter a price for it.
      </p>
      {prices.length === 0 && <p className="text-muted">Add models first.</p>}
      {prices.map(({ model }, index) => (
        <div key={model} className="grid grid-cols-3 items-start gap-x-2 gap-y-1">
          <span className="col-span-3 truncate font-mono text-xs" title={model}>
            {model}
          </span>
          {(["input", "output", "cached_input"] as const).map((side) => (
            <FormField
              key={side}
              control={form.control}
              name={`prices.${index}.${side}`}
              label={
                <span className="sr-only">{`${model}: price of ${priceNames[side]} tokens`}</span>
              }
            >
              {({ value, onChange }) => (
                <NumberInput
                  min={0}
                  value={value}
                  onChange={onChange}
                  placeholder={priceNames[side]}
                  unit="$"
                />
              )}
            </FormField>
          ))}
        </div>
      ))}
    </fieldset>
  );
}
