import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Trigger } from "./api";
import { curlExample, newTrigger, templates, toChange, toCreation, toValues } from "./form";
import { inputNames } from "./flow-inputs";

const stored = {
  id: "1",
  flow_id: "2",
  kind: "webhook",
  name: "Orders",
  is_active: true,
  version: 3,
  inputs: { topic: "{{ inputs.body.a }}", count: 3, list: [1, "x"] },
  schedule: null,
  webhook: {
    signing: "none",
    window_seconds: 60,
    max_body_bytes: 100,
    answer: "result",
    wait_seconds: 5,
    reply: null,
    challenge: null,
  },
} as unknown as Trigger;

function rules(webhook: Partial<NonNullable<Trigger["webhook"]>>) {
  const trigger = { ...stored, webhook: { ...stored.webhook, ...webhook } } as Trigger;
  return toChange("webhook", toValues(trigger)).webhook;
}

describe("the trigger form", () => {
  it("gives back what is stored", () => {
    const body = toChange("webhook", toValues(stored));
    expect(body).toEqual({
      name: "Orders",
      is_active: true,
      version: 3,
      webhook: stored.webhook,
      inputs: { topic: "{{ inputs.body.a }}", count: "{{ 3 }}", list: '{{ [1,"x"] }}' },
    });
  });

  it("gives back its own answers as they were typed", () => {
    const body = '{"id": 9007199254740993, "said": "{{ inputs.outputs.x }}"}';
    const reply = { status: 201, content_type: "application/json" as const, body };
    expect(rules({ reply })).toMatchObject({ answer: "result", reply });
    const other = { status: "{{ 404 }}", content_type: "text/xml" as const, body: "<a/>" };
    expect(rules({ reply: other })?.reply).toEqual(other);
    expect(rules({ reply: { ...reply, body: null } })?.reply?.body).toBeNull();
  });

  it("keeps a challenge's token unless another is typed", () => {
    const challenge = { query: "c", token_query: "t", json_body: true, has_token: true };
    const asked = { query: "c", token_query: "t", json_body: true };
    expect(rules({ challenge })?.challenge).toEqual(asked);
    expect(rules({ challenge: { ...challenge, has_token: false } })?.challenge).toEqual({
      ...asked,
      token: null,
    });
    const values = toValues({ ...stored, webhook: { ...stored.webhook!, challenge } });
    values.webhook.challenge.token = "new";
    expect(toChange("webhook", values).webhook?.challenge).toEqual({ ...asked, token: "new" });
    values.webhook.challenge.on = false;
    expect(toChange("webhook", values).webhook?.challenge).toBeNull();
  });

  it("sends only the kind that it is about", () => {
    const schedule = toCreation(
      "schedule",
      "f",
      newTrigger("schedule", "Europe/Berlin", ["topic"]),
    );
    expect(schedule.webhook).toBeUndefined();
    expect(schedule.schedule?.timezone).toBe("Europe/Berlin");
    expect(schedule.inputs).toEqual({ topic: "" });
    const webhook = toCreation("webhook", "f", newTrigger("webhook", "UTC", ["topic"]));
    expect(webhook.schedule).toBeUndefined();
    expect([webhook.inputs, webhook.version]).toEqual([null, null]);
  });

  it("keeps texts and makes expressions of other values", () => {
    expect(templates({ a: "x", b: null, c: { d: true } })).toEqual({
      a: "x",
      b: "{{ null }}",
      c: '{{ {"d":true} }}',
    });
  });

  it("finds the inputs of any draft", () => {
    const node = { type: "input", config: { fields: [{ name: "topic" }, {}] } };
    expect(inputNames({ nodes: [{ type: "llm" }, node] })).toEqual(["topic"]);
    for (const odd of [null, {}, { nodes: "none" }, { nodes: [{ type: "input" }] }]) {
      expect(inputNames(odd)).toEqual([]);
    }
  });
});

describe("the call for a terminal", () => {
  it("is signed as the server checks it", () => {
    const text = curlExample("http://here/hook", ["it's", "b"], true);
    const script = `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; }\n${text}`;
    const env = { ...process.env, WEBHOOK_SECRET: "whs_secret" };
    const said = execFileSync("bash", ["-c", script], { env, encoding: "utf8" });
    const words = said.split("\0");
    const body = JSON.stringify({ "it's": "...", b: "..." });
    expect(words).toContain(body);
    const time = words.find((word) => word.includes("Timestamp"))?.split(": ")[1];
    const signature = createHmac("sha256", "whs_secret").update(`${time}.${body}`).digest("hex");
    expect(words).toContain(`X-Watchbill-Signature: v1=${signature}`);
  });

  it("is plain where no signature is asked for", () => {
    expect(curlExample("http://here/hook", [], false)).not.toContain("openssl");
  });
});
