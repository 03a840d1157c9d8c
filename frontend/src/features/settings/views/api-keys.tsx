"use client";

/** Settings, API keys: the keys by which programs use the API. */
import { lazily } from "@/components/lazily";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn } from "@/components/columns";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { deleteItem, RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { useListUrl } from "@/lib/list-url";
import { useApiKeys, useRevokeKey, type ApiKey } from "../api";
import { SettingsFrame } from "../frame";
import { Expiry } from "../parts/invitation-list";

/** Loaded when one is opened. */
const NewKeySheet = lazily(() => import("../parts/new-key").then((it) => it.NewKeySheet));

export function ApiKeysView() {
  const url = useListUrl();
  const writes = useCan("keys:write");
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const add = () => url.make();
  return (
    <SettingsFrame
      title="API keys"
      wide
      actions={
        writes && (
          <Button variant="primary" onClick={add}>
            <Plus aria-hidden />
            New key
          </Button>
        )
      }
    >
      <ListPage
        label="API keys"
        noun="keys"
        list={useApiKeys(url.search)}
        columns={columns(writes, setRevoking)}
        {...url.bound}
        empty={
          <EmptyState
            icon={<KeyRound />}
            title="No API keys yet"
            description="An API key lets a program use the API with the permissions you choose. The program sends it as a Bearer token."
            action={writes && <Button onClick={add}>Create a key</Button>}
          />
        }
      />
      {url.making && writes && <NewKeySheet onClose={url.close} />}
      {revoking && <RevokeDialog apiKey={revoking} onClose={() => setRevoking(null)} />}
    </SettingsFrame>
  );
}

function columns(writes: boolean, onRevoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: ({ name, flow_ids, scopes }) => (
        <>
          <span className="flex items-center gap-2">
            <span className="truncate font-medium">{name}</span>
            {flow_ids && (
              <Badge>{flow_ids.length === 1 ? "1 flow" : `${flow_ids.length} flows`}</Badge>
            )}
          </span>
          <span className="block truncate font-mono text-xs text-muted sm:hidden">
            {scopes.join(", ")}
          </span>
        </>
      ),
    },
    {
      id: "key",
      secondary: true,
      header: "Key",
      className: "w-28",
      cell: ({ hint }) => <code className="font-mono text-xs">{hint}</code>,
    },
    {
      id: "scopes",
      secondary: true,
      header: "Permissions",
      className: "w-56 max-lg:w-40",
      cell: ({ scopes }) => (
        <span title={scopes.join("\n")} className="font-mono text-xs">
          {scopes.join(", ")}
        </span>
      ),
    },
    {
      id: "used",
      secondary: true,
      header: "Last used",
      className: "w-32 max-lg:w-24",
      cell: ({ last_used_at }) =>
        last_used_at ? (
          <RelativeTime time={last_used_at} className="text-muted" />
        ) : (
          <span className="text-muted">Never</span>
        ),
    },
    {
      id: "expires",
      header: "Expires",
      className: "w-32 max-lg:w-24",
      cell: ({ expires_at }) => <Expiry time={expires_at} />,
    },
    actionsColumn(
      (key) =>
        writes && <RowMenu name={key.name} items={[deleteItem(() => onRevoke(key), "Revoke")]} />,
    ),
  ];
}

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const revoke = useRevokeKey();
  return (
    <ConfirmDialog
      title={`Revoke “${apiKey.name}”?`}
      description="Programs that use this key lose access at once. You cannot undo this."
      verb="Revoke"
      onConfirm={() => revoke.mutateAsync(apiKey.id)}
      onClose={onClose}
    />
  );
}
