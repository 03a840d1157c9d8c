"use client";

/** The notification endpoints as hooks. */
import { useMutation } from "@tanstack/react-query";
import { toast } from "@/components/toast";
import { $api, api, type Schema } from "@/lib/api/client";
import { listQuery, paged, useRefresh } from "@/lib/api/lists";

export type Notification = Schema<"NotificationOut">;
export type MadeNotification = Schema<"NotificationMade">;
export type Delivery = Schema<"DeliveryOut">;

const byId = (id: string) => ({ params: { path: { notification_id: id } } });
/** Deliveries go on by themselves; looking again is cheap. */
const LOOK_MS = 5_000;

export function useNotifications(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/notifications", listQuery(search), paged);
}

/** One notification as it is now, for its form: never from what was loaded before. */
export function useNotification(id: string) {
  return $api.useQuery("get", "/api/v1/notifications/{notification_id}", byId(id), {
    gcTime: 0,
    staleTime: Infinity,
  });
}

export function useDeliveries(notificationId: string) {
  return $api.useInfiniteQuery(
    "get",
    "/api/v1/notification-deliveries",
    { params: { query: { limit: 20, notification_id: notificationId } } },
    { ...paged, refetchInterval: LOOK_MS },
  );
}

export type MailAddress = Schema<"MailAddressOut">;

const byAddress = (id: string) => ({ params: { path: { address_id: id } } });

/** Addresses outside the tenant that were asked whether they want to be told. */
export function useMailAddresses() {
  return $api.useInfiniteQuery("get", "/api/v1/mail-addresses", listQuery(""), paged);
}

export function useAskAgain() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) =>
      api.POST("/api/v1/mail-addresses/{address_id}/ask-again", byAddress(id)),
    onSuccess: () => {
      toast.success("The confirmation mail was sent again");
      return refresh();
    },
    onError: (error) => toast.error("The confirmation mail was not sent again", error),
  });
}

export function useRemoveAddress() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/mail-addresses/{address_id}", byAddress(id)),
    onSuccess: () => {
      toast.success("The address was removed");
      return refresh();
    },
    onError: (error) => toast.error("The address was not removed", error),
  });
}

export function useCreateNotification() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (body: Schema<"NotificationIn">) => {
      const { data } = await api.POST("/api/v1/notifications", { body });
      if (!data) throw new Error("The server sent an empty notification.");
      return data;
    },
    onSuccess: () => void refresh(),
  });
}

export function useChangeNotification() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & Schema<"NotificationPatch">) =>
      api.PATCH("/api/v1/notifications/{notification_id}", { ...byId(id), body }),
    onSettled: refresh,
  });
}

export function useDeleteNotification() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/notifications/{notification_id}", byId(id)),
    onSuccess: () => void refresh(),
  });
}

export function useSendAgain() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id }: Delivery) =>
      api.POST("/api/v1/notification-deliveries/{delivery_id}/resend", {
        params: { path: { delivery_id: id } },
      }),
    onSuccess: () => {
      toast.success("The message is being sent again");
      return refresh();
    },
    onError: (error) => toast.error("The message was not sent again", error),
  });
}

export function useRotateSecret() {
  return useMutation({
    mutationFn: async (id: string) => {
      const path = "/api/v1/notifications/{notification_id}/rotate-secret";
      const { data } = await api.POST(path, byId(id));
      if (!data) throw new Error("The server sent no secret.");
      return data.secret;
    },
  });
}
