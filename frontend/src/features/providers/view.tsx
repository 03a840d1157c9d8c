"use client";

/** Models: the providers that agents think with, in the order in which they are asked. */
import { lazily } from "@/components/lazily";
import { Cpu, FlaskConical, Plus, Zap } from "lucide-react";
import { useState } from "react";
import { ActiveSwitch } from "@/components/active-switch";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, activeColumn, nameColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { formatDuration } from "@/lib/format";
import { useListUrl } from "@/lib/list-url";
import {
  useChangeProvider,
  useDemoModel,
  useProviders,
  useTestProvider,
  type Provider,
} from "./api";
import { DeleteProvider } from "./parts/delete-provider";
import { providerTypes } from "./types";

/** Loaded when one of them is opened. */
const NewProviderSheet = lazily(() =>
  import("./parts/provider-sheet").then((it) => it.NewProviderSheet),
);
const ProviderSheet = lazily(() => import("./parts/provider-sheet").then((it) => it.ProviderSheet));

export function ModelsView() {
  const url = useListUrl();
  const list = useProviders(url.search);
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
              <Button variant="primary" onClick={() => url.make()}>
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
        columns={columns}
        {...url.bound}
        empty={<NoProviders writes={writes} />}
      />
      {url.making && writes && <NewProviderSheet onClose={url.close} onCreated={url.show} />}
      {url.open && <ProviderSheet key={url.open} id={url.open} onClose={url.close} />}
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
    nameColumn(),
    {
      id: "type",
      secondary: true,
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
      secondary: true,
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
      secondary: true,
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
      secondary: true,
      header: "Priority",
      align: "right",
      className: "w-20",
      cell: ({ priority }) => priority,
    },
    activeColumn((provider) => <Active {...{ provider, writes }} />),
    actionsColumn(
      (provider) =>
        writes && <ProviderMenu provider={provider} onDelete={() => onDelete(provider)} />,
    ),
  ];
}

function Active({ provider, writes }: { provider: Provider; writes: boolean }) {
  return <ActiveSwitch of={provider} change={useChangeProvider()} disabled={!writes} />;
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
        deleteItem(onDelete),
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
          ? "Connect a provider to give your agents models. To look around first, use the demo model. It gives scripted answers, without a key and without cost."
          : "Ask an admin of this tenant to connect a provider."
      }
      action={writes && <DemoButton />}
    />
  );
}
