/** The trigger form's values, its rules, and how they become what the API takes. */
import * as z from "zod";
import type { Schema } from "@/lib/api/client";
import { writeJson } from "@/lib/json";
import type { Trigger } from "./api";

export type Kind = Trigger["kind"];

const text = z.string().trim();

const whole = (least: number, most: number) =>
  z
    .number("Enter a number.")
    .int("Enter a whole number.")
    .min(least, `Enter ${least.toLocaleString("en")} or more.`)
    .max(most, `Enter ${most.toLocaleString("en")} or less.`);

export const replyTypes = [
  "application/json",
  "text/plain",
  "text/csv",
  "text/markdown",
  "text/xml",
  "application/xml",
  "application/yaml",
] as const;

const challenges = { query: "hub.challenge", token_query: "hub.verify_token", json_body: false };

export const triggerSchema = z.object({
  name: text.min(1, "Give the trigger a name.").max(200, "Use at most 200 characters."),
  is_active: z.boolean(),
  version: z.enum(["newest", "draft"]).or(text),
  /** For webhooks: the body as it is, or fields made of it. */
  mapped: z.boolean(),
  inputs: z.record(z.string(), z.string()),
  schedule: z.object({
    cron: text.min(1, "Enter a cron expression."),
    timezone: text.min(1, "Choose a time zone."),
    overlap: z.enum(["allow", "skip", "queue", "cancel_previous"]),
    missed: z.enum(["skip", "run_once", "run_all"]),
    most_missed: whole(1, 100),
  }),
  webhook: z.object({
    signing: z.enum(["required", "none"]),
    window_seconds: whole(30, 3600),
    max_body_bytes: whole(1, 4 * 1024 * 1024),
    /** `reply` is an answer made of the result. */
    answer: z.enum(["at_once", "result", "reply"]),
    wait_seconds: whole(1, 120),
    reply: z.object({
      status: text.min(1, "Enter a status or one expression."),
      content_type: z.enum(replyTypes),
      body: z.string(),
    }),
    challenge: z.object({
      on: z.boolean(),
      query: text.max(100, "Use at most 100 characters."),
      token_query: text.max(100, "Use at most 100 characters."),
      json_body: z.boolean(),
      /** Empty: as stored, where one is. */
      token: text.max(200, "Use at most 200 characters."),
      asks_token: z.boolean(),
    }),
  }),
});

export type TriggerValues = z.infer<typeof triggerSchema>;

export function newTrigger(kind: Kind, timezone: string, fields: string[]): TriggerValues {
  return {
    name: kind === "schedule" ? "Every day" : "Webhook",
    is_active: true,
    version: "newest",
    mapped: kind === "schedule",
    inputs: kind === "schedule" ? Object.fromEntries(fields.map((field) => [field, ""])) : {},
    schedule: { cron: "0 9 * * *", timezone, overlap: "skip", missed: "run_once", most_missed: 10 },
    webhook: {
      signing: "required",
      window_seconds: 300,
      max_body_bytes: 1024 * 1024,
      answer: "at_once",
      wait_seconds: 30,
      reply: { status: "200", content_type: "application/json", body: "" },
      challenge: { on: false, ...challenges, token: "", asks_token: false },
    },
  };
}

export function toValues(trigger: Trigger): TriggerValues {
  const blank = newTrigger(trigger.kind, "UTC", []);
  return {
    name: trigger.name,
    is_active: trigger.is_active,
    version: trigger.version === null ? "newest" : String(trigger.version),
    mapped: trigger.inputs !== null,
    inputs: templates(trigger.inputs ?? {}),
    schedule: { ...blank.schedule, ...trigger.schedule },
    webhook: trigger.webhook ? toRules(trigger.webhook, blank.webhook) : blank.webhook,
  };
}

type Rules = TriggerValues["webhook"];

function toRules(stored: NonNullable<Trigger["webhook"]>, blank: Rules): Rules {
  const { reply, challenge, ...rest } = stored;
  const rules: Rules = { ...blank, ...rest };
  if (reply) {
    rules.answer = "reply";
    rules.reply = {
      status: String(reply.status ?? 200),
      content_type: reply.content_type ?? "application/json",
      body: typeof reply.body === "string" ? reply.body : written(reply.body),
    };
  }
  if (challenge) {
    const { has_token, ...asked } = challenge;
    rules.challenge = { ...blank.challenge, ...asked, on: true, asks_token: has_token };
  }
  return rules;
}

/** A body as its text; none is the outputs. */
function written(body: unknown): string {
  return body === null || body === undefined ? "" : writeJson(body, 2);
}

function fromRules(rules: Rules): Schema<"Webhook"> {
  const { answer, reply, challenge, ...rest } = rules;
  const { on, asks_token, token, ...asked } = challenge;
  const told = asks_token ? (token ? { token } : {}) : { token: null };
  return {
    ...rest,
    answer: answer === "reply" ? "result" : answer,
    reply:
      answer === "reply"
        ? {
            // The server tells numbers from expressions, and reads JSON itself, so that no digit is lost.
            status: /^\d+$/.test(reply.status) ? Number(reply.status) : reply.status,
            content_type: reply.content_type,
            body: reply.body.trim() === "" ? null : reply.body,
          }
        : null,
    challenge: on ? { ...asked, ...told } : null,
  };
}

/** A value that is no text as an expression that gives it: JSON is CEL too. */
export function templates(inputs: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      typeof value === "string" ? value : `{{ ${writeJson(value)} }}`,
    ]),
  );
}

function toVersion(version: string): Schema<"TriggerIn">["version"] {
  if (version === "newest") return null;
  return version === "draft" || version === "published" ? version : Number(version);
}

export function toChange(kind: Kind, values: TriggerValues): Schema<"TriggerPatch"> {
  const { name, is_active, mapped, inputs, schedule, webhook } = values;
  return {
    name,
    is_active,
    version: toVersion(values.version),
    inputs: mapped ? inputs : null,
    ...(kind === "schedule" ? { schedule } : { webhook: fromRules(webhook) }),
  };
}

export function toCreation(kind: Kind, flowId: string, values: TriggerValues): Schema<"TriggerIn"> {
  const { name, is_active, version, inputs, schedule, webhook } = toChange(kind, values);
  return {
    flow_id: flowId,
    name: name ?? "",
    is_active: is_active ?? true,
    version,
    inputs,
    schedule,
    webhook,
  };
}

/** A call for a terminal: signed like every caller must sign, or plain where no signature is asked for. */
export function curlExample(url: string, fields: string[], signed: boolean): string {
  const body = JSON.stringify(Object.fromEntries(fields.map((field) => [field, "..."])));
  const quoted = `'${body.replaceAll("'", String.raw`'\''`)}'`;
  const send = [`curl -X POST '${url}'`, `-H 'Content-Type: application/json'`];
  if (!signed) return [...send, `-d ${quoted}`].join(" \\\n  ");
  return [
    `body=${quoted}`,
    "time=$(date +%s)",
    `signature=$(printf '%s.%s' "$time" "$body" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d' ' -f1)`,
    [
      ...send,
      `-H "X-Watchbill-Timestamp: $time"`,
      `-H "X-Watchbill-Signature: v1=$signature"`,
      `-d "$body"`,
    ].join(" \\\n  "),
  ].join("\n");
}
