"use client";

/** Asks before a notification is deleted. */
import { ConfirmDialog } from "@/components/confirm-dialog";
import { useDeleteNotification, type Notification } from "../api";

type DeleteNotificationProps = {
  notification: Pick<Notification, "id" | "name">;
  onClose: () => void;
  onDeleted?: () => void;
};

export function DeleteNotification(props: DeleteNotificationProps) {
  const { notification, onClose, onDeleted } = props;
  const remove = useDeleteNotification();
  return (
    <ConfirmDialog
      title={`Delete “${notification.name}”?`}
      description="Its recipients get no more messages, and the list of its deliveries is deleted."
      verb="Delete notification"
      onConfirm={async () => {
        await remove.mutateAsync(notification.id);
        onDeleted?.();
      }}
      onClose={onClose}
    />
  );
}
