"use client";

/** A provider's form: a new one, or one that is stored, which can also be tested. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { FormSheet } from "@/components/form-sheet";
import { LoadingSheet } from "@/components/loading-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { setFormErrors } from "@/lib/api/form";
import { useChangeProvider, useCreateProvider, useProvider, type Provider } from "../api";
import { newProvider, providerSchema, toChange, toCreation, toValues } from "../form";
import { providerTypes } from "../types";
import { DeleteProvider } from "./delete-provider";
import { ProviderFields } from "./fields";
import { TestSection } from "./test-section";

const byCode = { name_taken: "name" } as const;

/** `onCreated` is told the id of the new provider, which is then best shown and tested. */
export function NewProviderSheet(props: { onClose: () => void; onCreated: (id: string) => void }) {
  const { onClose, onCreated } = props;
  const create = useCreateProvider();
  const form = useForm({ resolver: zodResolver(providerSchema), defaultValues: newProvider });
  const { isSubmitting, isDirty, errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      const { id, name } = await create.mutateAsync(toCreation(values));
      toast.success(`“${name}” added`);
      onCreated(id);
    } catch (error) {
      setFormErrors(form, error, byCode);
    }
  });
  return (
    <FormSheet
      title="Add a provider"
      description="Where your agents’ models run."
      verb="Add provider"
      onClose={onClose}
      onSubmit={submit}
      saving={isSubmitting}
      dirty={isDirty}
      problem={errors.root?.message}
    >
      <ProviderFields form={form} />
    </FormSheet>
  );
}

export function ProviderSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useProvider(id);
  if (data) return <StoredProvider provider={data} onClose={onClose} />;
  return (
    <LoadingSheet title="Provider" error={error} onRetry={() => void refetch()} onClose={onClose} />
  );
}

function StoredProvider({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const writes = useCan("providers:write");
  const change = useChangeProvider();
  const [deleting, setDeleting] = useState(false);
  const form = useForm({
    resolver: zodResolver(providerSchema),
    defaultValues: toValues(provider),
  });
  const { isSubmitting, isDirty, errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      const { data } = await change.mutateAsync({ id: provider.id, ...toChange(values) });
      // It stays open, to be tested.
      if (data) form.reset(toValues(data));
      toast.success(`“${values.name}” saved`);
    } catch (error) {
      setFormErrors(form, error, byCode);
    }
  });
  return (
    <>
      <FormSheet
        title={provider.name}
        description={<Badge>{providerTypes[provider.provider_type].label}</Badge>}
        verb="Save"
        onClose={onClose}
        onSubmit={submit}
        saving={isSubmitting}
        dirty={isDirty}
        problem={errors.root?.message}
        readOnly={!writes}
        extra={
          <Button variant="ghost" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden />
            Delete
          </Button>
        }
        after={writes && <TestSection provider={provider} dirty={isDirty} />}
      >
        <ProviderFields form={form} stored={provider} />
      </FormSheet>
      {deleting && (
        <DeleteProvider
          provider={provider}
          onClose={() => setDeleting(false)}
          onDeleted={onClose}
        />
      )}
    </>
  );
}
