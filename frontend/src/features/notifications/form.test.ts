import { describe, expect, it } from "vitest";
import type { Notification } from "./api";
import { newNotification, notificationSchema, toChange, toCreation, toValues } from "./form";

const stored: Notification = {
  id: "1",
  name: "n",
  flow_id: null,
  statuses: ["failed", "cancelled"],
  channel: "webhook",
  unconfirmed: [],
  recipients: ["https://example.com/hook"],
  is_active: false,
  created_at: "",
  updated_at: "",
};

describe("the notification form", () => {
  it("gives back what is stored, without the channel that cannot change", () => {
    const { name, flow_id, statuses, recipients, is_active } = stored;
    expect(toChange(toValues(stored))).toEqual({ name, flow_id, statuses, recipients, is_active });
    expect(toCreation(toValues({ ...stored, flow_id: "f" }))).toMatchObject({
      flow_id: "f",
      channel: "webhook",
    });
  });

  it("asks for recipients that fit the channel", () => {
    const says = (change: object) =>
      notificationSchema
        .safeParse({ ...newNotification, ...change })
        .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
    expect(says({ recipients: ["a@example.com"] })).toEqual([]);
    expect(says({ recipients: [] })).toEqual(["recipients: Add at least one recipient."]);
    expect(says({ recipients: ["https://example.com"] })).toEqual([
      "recipients: “https://example.com” is not a mail address.",
    ]);
    expect(says({ channel: "webhook", recipients: ["a@example.com"] })).toHaveLength(1);
    expect(says({ statuses: [], recipients: ["a@example.com"] })).toHaveLength(1);
  });
});
