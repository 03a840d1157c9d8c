"use client";

/** Settings, Tenant: its name, limits and settings, its data as a file, and its end. */
import { Download, Trash2 } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { ErrorState } from "@/components/error-state";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { PageHeader } from "@/components/page-header";
import { SkeletonRows } from "@/components/skeleton";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { SettingsFrame, SettingsSection } from "@/features/settings";
import type { Schema } from "@/lib/api/client";
import { toApiError } from "@/lib/api/error";
import { useExportTenant, useRenameTenant, useTenant, useTenantSettings } from "./api";
import { DeleteDialog } from "./delete-dialog";
import { LIMITS } from "./limits";
import { SettingsFacts, SettingsForm } from "./settings-form";

type Tenant = Schema<"TenantShown">;

export function TenantView() {
  const { data, error, refetch } = useTenant();
  const writes = useCan("tenant:write");
  return (
    <SettingsFrame title="Tenant">
      <PageHeader title="Tenant" description="Settings for your whole team." />
      {error && !data && (
        <ErrorState
          error={error}
          title="The tenant could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
      {!error && !data && <SkeletonRows rows={4} />}
      {data && (
        <>
          {writes && <NameForm key={data.name} tenant={data} />}
          <Facts tenant={data} />
          <ExecutionsSection writes={writes} />
          {writes && <DataSection tenant={data} />}
          {writes && <DangerZone tenant={data} />}
        </>
      )}
    </SettingsFrame>
  );
}

function NameForm({ tenant }: { tenant: Tenant }) {
  const [name, setName] = useState(tenant.name);
  const rename = useRenameTenant();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate(name, { onSuccess: () => toast.success("The name is saved") });
  };
  return (
    <form noValidate onSubmit={submit} className="mt-6 flex items-end gap-2">
      <Field
        label="Name"
        className="w-80"
        error={rename.error ? toApiError(rename.error).message : undefined}
      >
        <Input value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Button
        type="submit"
        loading={rename.isPending}
        obstacle={name === tenant.name ? "Nothing has changed yet." : null}
      >
        Save
      </Button>
    </form>
  );
}

function Facts({ tenant }: { tenant: Tenant }) {
  const { limits, default_limits: defaults } = tenant;
  return (
    <dl className="mt-6 grid grid-cols-[9rem_1fr] gap-y-1">
      <Fact name="Short name">
        <code className="font-mono text-xs">{tenant.slug}</code>
      </Fact>
      <Fact name="Id">
        <code className="font-mono text-xs">{tenant.id}</code>
        <CopyButton text={tenant.id} label="Copy tenant id" />
      </Fact>
      <Fact name="Members">{tenant.members}</Fact>
      {LIMITS.map(({ name, label, inWords }) => (
        <Fact key={name} name={label}>
          <span>
            {inWords(limits[name] ?? defaults[name])}
            {limits[name] === null && (
              <span className="text-muted"> (the installation’s default)</span>
            )}
          </span>
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="flex min-h-7 items-center text-muted">{name}</dt>
      <dd className="flex min-h-7 items-center gap-1">{children}</dd>
    </>
  );
}

function ExecutionsSection({ writes }: { writes: boolean }) {
  const { data, error, refetch } = useTenantSettings();
  const Settings = writes ? SettingsForm : SettingsFacts;
  return (
    <SettingsSection
      title="Executions"
      description="How many executions run at a time, and how long they are kept. Older executions and logs are deleted."
    >
      {error && !data && (
        <ErrorState
          error={error}
          title="The settings could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
      {!error && !data && <SkeletonRows rows={3} />}
      {data && <Settings key={JSON.stringify(data)} settings={data} />}
    </SettingsSection>
  );
}

function DataSection({ tenant }: { tenant: Tenant }) {
  const download = useExportTenant(tenant.slug);
  return (
    <SettingsSection
      title="Data"
      description="Everything in the tenant, as a ZIP file of JSON lines. It contains no secrets."
    >
      <Button
        loading={download.isPending}
        onClick={() =>
          download.mutate(undefined, {
            onError: (problem) => toast.error("The data could not be exported", problem),
          })
        }
      >
        <Download aria-hidden />
        Export data
      </Button>
    </SettingsSection>
  );
}

function DangerZone({ tenant }: { tenant: Tenant }) {
  const [asking, setAsking] = useState(false);
  return (
    <SettingsSection
      title="Danger zone"
      description="This deletes the flows, executions, agents and keys of the tenant, and people who are in no other tenant. You cannot undo this."
    >
      <Button variant="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden />
        Delete tenant
      </Button>
      {asking && <DeleteDialog tenant={tenant} onClose={() => setAsking(false)} />}
    </SettingsSection>
  );
}
