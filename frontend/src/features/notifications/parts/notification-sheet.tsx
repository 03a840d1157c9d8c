"use client";

/** A notification's form: a new one, or one that is stored with what it sent. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { FormSheet } from "@/components/form-sheet";
import { LoadingSheet } from "@/components/loading-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { setFormErrors } from "@/lib/api/form";
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
import { NewSecret, SecretDialog } from "./secret";

export function NewNotificationSheet({ onClose }: { onClose: () => void }) {
  const create = useCreateNotification();
  const [made, setMade] = useState<MadeNotification | null>(null);
  const form = useForm({
    resolver: zodResolver(notificationSchema),
    defaultValues: newNotification,
  });
  const { errors, isSubmitting, isDirty } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      const notification = await create.mutateAsync(toCreation(values));
      if (notification.secret) return setMade(notification);
      toast.success(`“${notification.name}” added`);
      onClose();
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  if (made?.secret) return <SecretDialog secret={made.secret} onClose={onClose} />;
  return (
    <FormSheet
      title="New notification"
      description="Tells somebody when executions end."
      verb="Add notification"
      onClose={onClose}
      onSubmit={submit}
      saving={isSubmitting}
      dirty={isDirty}
      problem={errors.root?.message}
    >
      <NotificationFields form={form} />
    </FormSheet>
  );
}

export function NotificationSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useNotification(id);
  if (data) return <StoredNotification notification={data} onClose={onClose} />;
  return (
    <LoadingSheet
      title="Notification"
      error={error}
      onRetry={() => void refetch()}
      onClose={onClose}
    />
  );
}

type StoredProps = { notification: Notification; onClose: () => void };

function StoredNotification({ notification, onClose }: StoredProps) {
  const writes = useCan("notifications:write");
  const change = useChangeNotification();
  const [deleting, setDeleting] = useState(false);
  const form = useForm({
    resolver: zodResolver(notificationSchema),
    defaultValues: toValues(notification),
  });
  const { errors, isSubmitting, isDirty } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      await change.mutateAsync({ id: notification.id, ...toChange(values) });
      toast.success(`“${values.name}” saved`);
      onClose();
    } catch (error) {
      setFormErrors(form, error);
    }
  });
  return (
    <>
      <FormSheet
        title={notification.name}
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
        after={
          <>
            {writes && notification.channel === "webhook" && <NewSecret id={notification.id} />}
            <Deliveries notificationId={notification.id} writes={writes} />
          </>
        }
      >
        <NotificationFields form={form} stored />
      </FormSheet>
      {deleting && (
        <DeleteNotification
          notification={notification}
          onClose={() => setDeleting(false)}
          onDeleted={onClose}
        />
      )}
    </>
  );
}
