"use client";

/** The fields of single sign-on: the provider, and which roles its people get. */
import { useWatch, type UseFormReturn } from "react-hook-form";
import { CopyButton } from "@/components/copy-button";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { KeyValueEditor } from "@/components/key-value-editor";
import { SecretInput } from "@/components/secret-input";
import { Select } from "@/components/select";
import { TagsInput } from "@/components/tags-input";
import type { Sso } from "./api";
import { NO_ROLE, type Values } from "./form";

type FieldsProps = { form: UseFormReturn<Values> };

export function ProviderFields({ form, sso }: FieldsProps & { sso: Sso }) {
  const { errors } = form.formState;
  return (
    <>
      <div>
        <p className="mb-1 font-medium">Redirect address</p>
        <p className="flex items-center gap-1 rounded-md bg-sunken py-1 pl-2">
          <code className="min-w-0 flex-1 truncate font-mono text-xs">{sso.redirect_uri}</code>
          <CopyButton text={sso.redirect_uri} label="Copy the redirect address" />
        </p>
        <p className="mt-1 text-xs text-muted">Enter this address at the provider.</p>
      </div>
      <Field
        label="Issuer"
        hint="The issuer URL, exactly as the provider shows it."
        error={errors.issuer?.message}
      >
        <Input type="url" placeholder="https://" {...form.register("issuer")} />
      </Field>
      <Field label="Client id" error={errors.client_id?.message}>
        <Input autoComplete="off" {...form.register("client_id")} />
      </Field>
      <Field
        label="Client secret"
        hint={sso.has_secret ? "A secret is stored. Leave this empty to keep it." : undefined}
        error={errors.client_secret?.message}
      >
        <SecretInput autoComplete="new-password" {...form.register("client_secret")} />
      </Field>
      <FormField
        control={form.control}
        name="domains"
        label="Mail domains"
        hint="The domains of your company’s mail addresses."
      >
        {({ value, onChange }) => (
          <TagsInput value={value} onChange={onChange} placeholder="example.com" />
        )}
      </FormField>
    </>
  );
}

const defaultRoles = [
  { value: "viewer", label: "Viewer" },
  { value: "member", label: "Member" },
  { value: "admin", label: "Admin" },
  { value: NO_ROLE, label: "No role: do not let them in" },
];

export function RoleFields({ form }: FieldsProps) {
  const claim = useWatch({ control: form.control, name: "role_claim" });
  return (
    <>
      <FormField
        control={form.control}
        name="default_role"
        label="Role for everybody"
        className="max-w-60"
      >
        {({ value, onChange }) => (
          <Select options={defaultRoles} value={value} onChange={onChange} />
        )}
      </FormField>
      <Field
        label="Claim with groups"
        hint="The claim that lists a person’s groups. Leave it empty to set roles in Watchbill."
        error={form.formState.errors.role_claim?.message}
      >
        <Input placeholder="groups" {...form.register("role_claim")} />
      </Field>
      {claim && (
        <FormField
          control={form.control}
          name="roles"
          label="Roles of groups"
          hint="admin, member or viewer for each group."
        >
          {({ value, onChange }) => (
            <KeyValueEditor
              value={value}
              onChange={onChange}
              keyLabel="Group"
              valueLabel="Role"
              addLabel="Add a group"
            />
          )}
        </FormField>
      )}
    </>
  );
}
