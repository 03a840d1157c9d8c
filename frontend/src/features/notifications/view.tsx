"use client";

/** Settings, notifications: who is told when executions end. */
import { lazily } from "@/components/lazily";
import { Bell, Mail, Plus, Webhook } from "lucide-react";
import { useState } from "react";
import { ActiveSwitch } from "@/components/active-switch";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { actionsColumn, activeColumn, nameColumn } from "@/components/columns";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { deleteItem, RowMenu } from "@/components/row-menu";
import { StatusIcon, statusLooks } from "@/components/status-badge";
import type { Column } from "@/components/table";
import { useCan } from "@/features/auth";
import { useAllFlows } from "@/features/flows";
import { SettingsFrame } from "@/features/settings";
import { useListUrl } from "@/lib/list-url";
import { useChangeNotification, useNotifications, type Notification } from "./api";
import { Addresses } from "./parts/addresses";
import { DeleteNotification } from "./parts/delete-notification";

/** Loaded when one of them is opened. */
const NewNotificationSheet = lazily(() =>
  import("./parts/notification-sheet").then((it) => it.NewNotificationSheet),
);
const NotificationSheet = lazily(() =>
  import("./parts/notification-sheet").then((it) => it.NotificationSheet),
);

export function NotificationsView() {
  const url = useListUrl();
  const writes = useCan("notifications:write");
  const [deleting, setDeleting] = useState<Notification | null>(null);
  const add = () => url.make();
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
        list={useNotifications(url.search)}
        columns={useColumns(writes, setDeleting)}
        {...url.bound}
        empty={
          <EmptyState
            icon={<Bell />}
            title="No notifications yet"
            description="A notification sends a mail or calls a URL when executions fail or complete."
            action={writes && <Button onClick={add}>Add a notification</Button>}
          />
        }
      />
      <Addresses />
      {url.making && writes && <NewNotificationSheet onClose={url.close} />}
      {url.open && <NotificationSheet key={url.open} id={url.open} onClose={url.close} />}
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
    nameColumn(),
    {
      id: "flow",
      secondary: true,
      header: "Flow",
      className: "w-44 max-lg:w-28",
      cell: ({ flow_id }) =>
        flow_id ? (
          <span className="truncate">{names.get(flow_id) ?? "A flow"}</span>
        ) : (
          <span className="text-muted">All flows</span>
        ),
    },
    {
      id: "statuses",
      header: "Status",
      className: "w-28",
      cell: ({ statuses }) => (
        <span
          className="flex items-center gap-1.5"
          title={statuses.map((status) => statusLooks[status].word).join(", ")}
        >
          {statuses.map((status) => (
            <StatusIcon key={status} status={status} labelled={statuses.length > 1} />
          ))}
          {/* There is room for one word. */}
          {statuses.length === 1 && statuses.map((status) => statusLooks[status].word)}
        </span>
      ),
    },
    {
      id: "recipients",
      secondary: true,
      header: "Recipients",
      className: "w-60",
      cell: ({ channel, recipients, unconfirmed }) => (
        <span title={recipients.join("\n")} className="flex items-center gap-2 [&_svg]:size-4">
          {channel === "email" ? (
            <Mail aria-label="By mail" className="shrink-0 text-muted" />
          ) : (
            <Webhook aria-label="By a call to a URL" className="shrink-0 text-muted" />
          )}
          <span className="truncate">{recipients.join(", ")}</span>
          {unconfirmed.length > 0 && (
            <span
              className="shrink-0"
              title={`Not confirmed yet, so they get no mail:\n${unconfirmed.join("\n")}`}
            >
              <Badge tone="waiting">{unconfirmed.length} unconfirmed</Badge>
            </span>
          )}
        </span>
      ),
    },
    activeColumn((notification) => <Active {...{ notification, writes }} />),
    actionsColumn(
      (notification) =>
        writes && (
          <RowMenu name={notification.name} items={[deleteItem(() => onDelete(notification))]} />
        ),
    ),
  ];
}

function Active({ notification, writes }: { notification: Notification; writes: boolean }) {
  return <ActiveSwitch of={notification} change={useChangeNotification()} disabled={!writes} />;
}
