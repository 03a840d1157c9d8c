"use client";

/** Settings, Single sign-on: the company's own way to sign in. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { ErrorState } from "@/components/error-state";
import { FormError } from "@/components/form-error";
import { FormField } from "@/components/form-field";
import { PageHeader } from "@/components/page-header";
import { SkeletonRows } from "@/components/skeleton";
import { Switch } from "@/components/switch";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { SettingsFrame, SettingsSection } from "@/features/settings";
import { useSave } from "@/lib/api/use-save";
import { useRemoveSso, useSetUpSso, useSso, type Sso } from "./api";
import { Domains } from "./domains";
import { ProviderFields, RoleFields } from "./fields";
import { schema, toBody, toValues } from "./form";

export function SsoView() {
  const { data, error, refetch } = useSso();
  return (
    <SettingsFrame title="Single sign-on">
      <PageHeader
        title="Single sign-on"
        description="People in your company sign in with their company account, over OpenID Connect. They become members when they first sign in."
      />
      {error && !data && (
        <ErrorState
          error={error}
          title="Single sign-on could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
      {!error && !data && <SkeletonRows rows={6} />}
      {data && <SsoForm key={data.updated_at ?? "new"} sso={data} />}
    </SettingsFrame>
  );
}

function SsoForm({ sso }: { sso: Sso }) {
  const writes = useCan("sso:write");
  const setUp = useSetUpSso();
  const form = useForm({ resolver: zodResolver(schema), defaultValues: toValues(sso) });
  const save = useSave(
    form,
    async (values) => {
      await setUp.mutateAsync(toBody(values));
      toast.success("Single sign-on is saved");
    },
    { domain_taken: "domains" },
  );
  return (
    <>
      <form noValidate onSubmit={save.onSubmit} className="mt-6 flex flex-col gap-4">
        <ProviderFields form={form} sso={sso} />
        <RoleFields form={form} />
        <FormField
          control={form.control}
          name="is_active"
          label="Show single sign-on on the sign-in page"
        >
          {({ value, onChange }) => <Switch checked={value} onChange={onChange} />}
        </FormField>
        <FormError message={save.problem} />
        {writes && (
          <Button type="submit" variant="primary" loading={save.saving} className="self-start">
            Save
          </Button>
        )}
      </form>
      {sso.proofs && sso.proofs.length > 0 && <Domains proofs={sso.proofs} writes={writes} />}
      {writes && sso.issuer && <Removal />}
    </>
  );
}

function Removal() {
  const [asking, setAsking] = useState(false);
  const remove = useRemoveSso();
  return (
    <SettingsSection
      title="Remove"
      description="People who joined with it stay members. They can set a password by mail."
    >
      <Button onClick={() => setAsking(true)}>
        <Trash2 aria-hidden />
        Remove single sign-on
      </Button>
      {asking && (
        <ConfirmDialog
          title="Remove single sign-on?"
          description="This deletes the provider and its client secret."
          verb="Remove"
          onConfirm={() => remove.mutateAsync()}
          onClose={() => setAsking(false)}
        />
      )}
    </SettingsSection>
  );
}
