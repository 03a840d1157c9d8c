"use client";

/** Settings, notifications: who is told when executions end. */
import { Bell, Mail, Plus, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RowMenu } from "@/components/row-menu";
import { StatusIcon } from "@/components/status-badge";
import { Switch } from "@/components/switch";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useAllFlows } from "@/features/flows";
import { SettingsFrame } from "@/features/settings";
import { useUrlState } from "@/lib/url-state";
import { useChangeNotification, useNotifications, type Notification } from "./api";
import { DeleteNotification } from "./parts/delete-notification";
import { NewNotificationSheet, NotificationSheet } from "./parts/notification-sheet";

export function NotificationsView() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const open = params.get("open");
  const writes = useCan("notifications:write");
  const [deleting, setDeleting] = useState<Notification | null>(null);
  const add = () => change({ new: "1" });
  return (
    <SettingsFrame
      title="Notifications"
      wide
      actions={
        writes && (
          <Button variant="primary" onClick={add}>
            <Plus aria-hidden />
            New notification
          </Button>
        )
      }
    >
      <ListPage
        label="Notifications"
        noun="notifications"
        list={useNotifications(search)}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={useColumns(writes, setDeleting)}
        rowId={({ id }) => id}
        openId={open}
        onOpen={({ id }) => change({ open: id })}
        empty={
          <EmptyState
            icon={<Bell />}
            title="Nobody is told yet"
            description="A notification tells people by mail, or other services by a call, when executions fail or are done."
            action={writes && <Button onClick={add}>Add a notification</Button>}
          />
        }
      />
      {params.get("new") && writes && (
        <NewNotificationSheet onClose={() => change({ new: null })} />
      )}
      {open && <NotificationSheet key={open} id={open} onClose={() => change({ open: null })} />}
      {deleting && <DeleteNotification notification={deleting} onClose={() => setDeleting(null)} />}
    </SettingsFrame>
  );
}

function useColumns(
  writes: boolean,
  onDelete: (notification: Notification) => void,
): Column<Notification>[] {
  const { data: flows } = useAllFlows();
  const names = new Map(flows?.map(({ id, name }) => [id, name]));
  return [
    {
      id: "name",
      header: "Name",
      cell: ({ name }) => <span className="font-medium">{name}</span>,
    },
    {
      id: "flow",
      header: "About",
      className: "w-44",
      cell: ({ flow_id }) =>
        flow_id ? (
          <span className="truncate">{names.get(flow_id) ?? "One flow"}</span>
        ) : (
          <span className="text-muted">All flows</span>
        ),
    },
    {
      id: "statuses",
      header: "Ends",
      className: "w-24",
      cell: ({ statuses }) => (
        <span className="flex gap-1.5">
          {statuses.map((status) => (
            <StatusIcon key={status} status={status} />
          ))}
        </span>
      ),
    },
    {
      id: "recipients",
      header: "Tells",
      className: "w-64",
      cell: ({ channel, recipients }) => (
        <span title={recipients.join("\n")} className="flex items-center gap-2 [&_svg]:size-4">
          {channel === "email" ? (
            <Mail aria-label="By mail" className="shrink-0 text-muted" />
          ) : (
            <Webhook aria-label="By a call" className="shrink-0 text-muted" />
          )}
          <span className="truncate">{recipients.join(", ")}</span>
        </span>
      ),
    },
    {
      id: "active",
      header: "Active",
      className: "w-20",
      cell: (notification) => (
        <span className="flex">
          <ActiveSwitch notification={notification} disabled={!writes} />
        </span>
      ),
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (notification) =>
        writes && (
          <RowMenu
            name={notification.name}
            items={[
              {
                label: "Delete",
                icon: <Trash2 aria-hidden />,
                danger: true,
                onSelect: () => onDelete(notification),
              },
            ]}
          />
        ),
    },
  ];
}

type ActiveSwitchProps = { notification: Notification; disabled: boolean };

function ActiveSwitch({ notification, disabled }: ActiveSwitchProps) {
  const change = useChangeNotification();
  const on = change.isPending ? (change.variables.is_active ?? true) : notification.is_active;
  return (
    <Switch
      aria-label={`${notification.name} is active`}
      checked={on}
      disabled={disabled}
      onChange={(is_active) =>
        change.mutate(
          { id: notification.id, is_active },
          { onError: (error) => toast.error(`“${notification.name}” was not switched`, error) },
        )
      }
    />
  );
}
