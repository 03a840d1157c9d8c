"use client";

/** A notification's form: a new one, or one that is stored with what it sent. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
import {
  useChangeNotification,
  useCreateNotification,
  useNotification,
  type MadeNotification,
  type Notification,
} from "../api";
import { newNotification, notificationSchema, toChange, toCreation, toValues } from "../form";
import { DeleteNotification } from "./delete-notification";
import { Deliveries } from "./deliveries";
import { NotificationFields } from "./fields";
import { NewSecret, SigningSecret } from "./secret";

export function NewNotificationSheet({ onClose }: { onClose: () => void }) {
  const create = useCreateNotification();
  const [made, setMade] = useState<MadeNotification | null>(null);
  const form = useForm({
    resolver: zodResolver(notificationSchema),
    defaultValues: newNotification,
  });
  const save = useSave(form, async (values) => {
    const notification = await create.mutateAsync(toCreation(values));
    if (notification.secret) return setMade(notification);
    toast.success(`“${notification.name}” added`);
    onClose();
  });
  if (made?.secret) return <SigningSecret secret={made.secret} onClose={onClose} />;
  return (
    <FormSheet
      title="New notification"
      description="Sends a message when executions end."
      verb="Add notification"
      onClose={onClose}
      form={save}
    >
      <NotificationFields form={form} />
    </FormSheet>
  );
}

export function NotificationSheet({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <StoredSheet title="Notification" query={useNotification(id)} onClose={onClose}>
      {(notification) => <StoredNotification notification={notification} onClose={onClose} />}
    </StoredSheet>
  );
}

type StoredProps = { notification: Notification; onClose: () => void };

function StoredNotification({ notification, onClose }: StoredProps) {
  const writes = useCan("notifications:write");
  const change = useChangeNotification();
  const form = useForm({
    resolver: zodResolver(notificationSchema),
    defaultValues: toValues(notification),
  });
  const save = useSave(form, async (values) => {
    await change.mutateAsync({ id: notification.id, ...toChange(values) });
    toast.success(`“${values.name}” saved`);
    onClose();
  });
  return (
    <FormSheet
      title={notification.name}
      verb="Save"
      onClose={onClose}
      form={save}
      readOnly={!writes}
      deletion={(asked) => <DeleteNotification notification={notification} {...asked} />}
      after={
        <>
          {writes && notification.channel === "webhook" && <NewSecret id={notification.id} />}
          <Deliveries notificationId={notification.id} writes={writes} />
        </>
      }
    >
      <NotificationFields form={form} stored />
    </FormSheet>
  );
}
