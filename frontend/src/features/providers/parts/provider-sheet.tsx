"use client";

/** A provider's form: a new one, or one that is stored, which can also be tested. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { Badge } from "@/components/badge";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
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
  const save = useSave(
    form,
    async (values) => {
      const { id, name } = await create.mutateAsync(toCreation(values));
      toast.success(`“${name}” added`);
      onCreated(id);
    },
    byCode,
  );
  return (
    <FormSheet
      title="Add a provider"
      description="A provider answers the model calls of your agents."
      verb="Add provider"
      onClose={onClose}
      form={save}
    >
      <ProviderFields form={form} />
    </FormSheet>
  );
}

export function ProviderSheet({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <StoredSheet title="Provider" query={useProvider(id)} onClose={onClose}>
      {(provider) => <StoredProvider provider={provider} onClose={onClose} />}
    </StoredSheet>
  );
}

function StoredProvider({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const writes = useCan("providers:write");
  const change = useChangeProvider();
  const form = useForm({
    resolver: zodResolver(providerSchema),
    defaultValues: toValues(provider),
  });
  const save = useSave(
    form,
    async (values) => {
      const { data } = await change.mutateAsync({ id: provider.id, ...toChange(values) });
      // It stays open, to be tested.
      if (data) form.reset(toValues(data));
      toast.success(`“${values.name}” saved`);
    },
    byCode,
  );
  return (
    <FormSheet
      title={provider.name}
      description={<Badge>{providerTypes[provider.provider_type].label}</Badge>}
      verb="Save"
      onClose={onClose}
      form={save}
      readOnly={!writes}
      deletion={(asked) => <DeleteProvider provider={provider} {...asked} />}
      after={writes && <TestSection provider={provider} dirty={save.dirty} />}
    >
      <ProviderFields form={form} stored={provider} />
    </FormSheet>
  );
}
