/** The notification form's values, its rules, and how they become what the API takes. */
import * as z from "zod";
import type { Schema } from "@/lib/api/client";
import type { Notification } from "./api";

export type FinalStatus = Notification["statuses"][number];

/** Stands for all flows: a choice in a list needs a value. */
export const ALL_FLOWS = "all";

const isUrl = (text: string) => /^https?:\/\/\S+$/.test(text);
const isEmail = (text: string) => /^[^\s@]+@[^\s@]+$/.test(text);

export const notificationSchema = z
  .object({
    name: z
      .string()
      .trim()
      .min(1, "Give the notification a name.")
      .max(200, "Use at most 200 characters."),
    flow_id: z.string(),
    statuses: z
      .array(z.enum(["completed", "failed", "cancelled"]))
      .min(1, "Choose at least one status."),
    channel: z.enum(["email", "webhook"]),
    recipients: z
      .array(z.string())
      .min(1, "Add at least one recipient.")
      .max(20, "Use at most 20 recipients. Add another notification for more."),
    is_active: z.boolean(),
  })
  .superRefine(({ channel, recipients }, context) => {
    const wrong = recipients.find((one) => !(channel === "email" ? isEmail : isUrl)(one));
    if (wrong === undefined) return;
    const what =
      channel === "email" ? "a mail address" : "a URL that begins with http:// or https://";
    context.addIssue({
      code: "custom",
      path: ["recipients"],
      message: `“${wrong}” is not ${what}.`,
    });
  });

export type NotificationValues = z.infer<typeof notificationSchema>;

export const newNotification: NotificationValues = {
  name: "Failed executions",
  flow_id: ALL_FLOWS,
  statuses: ["failed"],
  channel: "email",
  recipients: [],
  is_active: true,
};

export function toValues(notification: Notification): NotificationValues {
  const { name, flow_id, statuses, channel, recipients, is_active } = notification;
  return { name, flow_id: flow_id ?? ALL_FLOWS, statuses, channel, recipients, is_active };
}

export function toCreation({ flow_id, ...values }: NotificationValues): Schema<"NotificationIn"> {
  return { ...values, flow_id: flow_id === ALL_FLOWS ? null : flow_id };
}

/** The channel stays what it was made with. */
export function toChange({ flow_id, ...values }: NotificationValues): Schema<"NotificationPatch"> {
  const { name, statuses, recipients, is_active } = values;
  return { name, statuses, recipients, is_active, flow_id: flow_id === ALL_FLOWS ? null : flow_id };
}
