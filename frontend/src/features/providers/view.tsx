"use client";

/** Models: the providers that agents think with, in the order in which they are asked. */
import { Cpu, FlaskConical, Plus, Trash2, Zap } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RowMenu } from "@/components/row-menu";
import { Switch } from "@/components/switch";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { formatDuration } from "@/lib/format";
import { useUrlState } from "@/lib/url-state";
import {
  useChangeProvider,
  useDemoModel,
  useProviders,
  useTestProvider,
  type Provider,
} from "./api";
import { DeleteProvider } from "./parts/delete-provider";
import { NewProviderSheet, ProviderSheet } from "./parts/provider-sheet";
import { providerTypes } from "./types";

export function ModelsView() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const open = params.get("open");
  const list = useProviders(search);
  const writes = useCan("providers:write");
  const [deleting, setDeleting] = useState<Provider | null>(null);
  const columns = useColumns(writes, setDeleting);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const hasDemo = rows.some(({ provider_type }) => provider_type === "demo");
  return (
    <>
      <PageBar
        crumbs={[{ label: "Models" }]}
        actions={
          writes && (
            <>
              {list.data && !hasDemo && <DemoButton />}
              <Button variant="primary" onClick={() => change({ new: "1" })}>
                <Plus aria-hidden />
                Add provider
              </Button>
            </>
          )
        }
      />
      <ListPage
        label="Models"
        noun="providers"
        list={list}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns}
        rowId={({ id }) => id}
        openId={open}
        onOpen={({ id }) => change({ open: id })}
        empty={<NoProviders writes={writes} />}
      />
      {params.get("new") && writes && (
        <NewProviderSheet
          onClose={() => change({ new: null })}
          onCreated={(id) => change({ new: null, open: id })}
        />
      )}
      {open && <ProviderSheet key={open} id={open} onClose={() => change({ open: null })} />}
      {deleting && <DeleteProvider provider={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}

function DemoButton() {
  const demo = useDemoModel();
  return (
    <Button loading={demo.isPending} onClick={() => demo.mutate()}>
      <FlaskConical aria-hidden />
      Use the demo model
    </Button>
  );
}

function useColumns(writes: boolean, onDelete: (provider: Provider) => void): Column<Provider>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: ({ name }) => <span className="font-medium">{name}</span>,
    },
    {
      id: "type",
      header: "Type",
      className: "w-40",
      cell: ({ provider_type }) => (
        <Badge tone={provider_type === "demo" ? "waiting" : "neutral"}>
          {provider_type === "demo" && <FlaskConical aria-hidden />}
          {providerTypes[provider_type].label}
        </Badge>
      ),
    },
    {
      id: "models",
      header: "Models",
      className: "w-44",
      cell: ({ models }) =>
        models.length > 0 ? (
          <span title={models.join("\n")} className="font-mono text-xs">
            {models.join(", ")}
          </span>
        ) : (
          <span className="text-muted">None listed</span>
        ),
    },
    {
      id: "key",
      header: "Key",
      className: "w-28",
      cell: ({ api_key_hint }) =>
        api_key_hint ? (
          <span className="font-mono text-xs">{api_key_hint}</span>
        ) : (
          <span className="text-muted">None</span>
        ),
    },
    {
      id: "priority",
      header: "Priority",
      align: "right",
      className: "w-20",
      cell: ({ priority }) => priority,
    },
    {
      id: "active",
      header: "Active",
      className: "w-20",
      cell: (provider) => (
        <span className="flex">
          <ActiveSwitch provider={provider} disabled={!writes} />
        </span>
      ),
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (provider) =>
        writes && <ProviderMenu provider={provider} onDelete={() => onDelete(provider)} />,
    },
  ];
}

function ActiveSwitch({ provider, disabled }: { provider: Provider; disabled: boolean }) {
  const change = useChangeProvider();
  const on = change.isPending ? (change.variables.is_active ?? true) : provider.is_active;
  return (
    <Switch
      aria-label={`${provider.name} is active`}
      checked={on}
      disabled={disabled}
      onChange={(is_active) =>
        change.mutate(
          { id: provider.id, is_active },
          { onError: (error) => toast.error(`“${provider.name}” was not switched`, error) },
        )
      }
    />
  );
}

function ProviderMenu({ provider, onDelete }: { provider: Provider; onDelete: () => void }) {
  const test = useTestProvider();
  const say = () =>
    test.mutate(
      { id: provider.id },
      {
        onSuccess: ({ ok, model, latency_ms, error }) =>
          ok
            ? toast.success(`${model} answered in ${formatDuration(latency_ms)}`)
            : toast.error(`“${provider.name}” does not work`, new Error(error ?? "No answer.")),
        onError: (error) => toast.error(`“${provider.name}” was not tested`, error),
      },
    );
  return (
    <RowMenu
      name={provider.name}
      items={[
        { label: "Test", icon: <Zap aria-hidden />, onSelect: say },
        { separator: true },
        { label: "Delete", icon: <Trash2 aria-hidden />, danger: true, onSelect: onDelete },
      ]}
    />
  );
}

function NoProviders({ writes }: { writes: boolean }) {
  return (
    <EmptyState
      icon={<Cpu />}
      title="No models yet"
      description={
        writes
          ? "Connect the provider your agents think with. To look around first, use the demo model: scripted answers, no key, no cost."
          : "An admin of this tenant connects the providers your agents think with."
      }
      action={writes && <DemoButton />}
    />
  );
}
