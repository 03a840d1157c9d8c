/** What starts flows by itself, and who is told: a webhook that is called, a schedule, a notification. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, make, test } from "./fixtures";

const definition = {
  schema: "watchbill.flow/v1",
  nodes: [
    { id: "start", type: "input", config: { fields: [{ name: "topic", type: "string" }] } },
    { id: "end", type: "output", config: { values: { topic: "{{ inputs.topic }}" } } },
  ],
  edges: [{ id: "e", source: "start", target: "end" }],
  layout: { start: { x: 0, y: 0 }, end: { x: 320, y: 0 } },
};

function signed(secret: string, body: string): Record<string, string> {
  const time = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
  return {
    "Content-Type": "application/json",
    "X-Watchbill-Timestamp": time,
    "X-Watchbill-Signature": `v1=${signature}`,
  };
}

test("make a webhook, call it with a signed request, and see the execution", async ({
  page,
  api,
}) => {
  const flow = await make(api, "/flows", { name: "Orders", definition });
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await page.getByRole("link", { name: "Triggers" }).click();
  await expect(page.getByText("No triggers yet")).toBeVisible();

  await page.getByRole("button", { name: "Add webhook" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name").fill("Shop");
  await sheet.getByRole("radio", { name: "Set each input" }).click();
  await expect(sheet.getByLabel("Value 1")).toHaveValue("{{ inputs.body.topic }}");
  await sheet.getByRole("radio", { name: "With the result" }).click();
  await sheet.getByRole("button", { name: "Add webhook" }).click();

  const ready = page.getByRole("dialog", { name: "“Shop” is ready" });
  const address = (await ready.getByLabel("Address", { exact: true }).textContent()) ?? "";
  const secret = (await ready.getByLabel("Secret", { exact: true }).textContent()) ?? "";
  await expect(ready.getByLabel("Example call")).toContainText("openssl dgst -sha256");
  await ready.getByRole("button", { name: "Done" }).click();

  const body = JSON.stringify({ topic: "ships" });
  const refused = await page.request.post(address, { data: body, headers: signed("guess", body) });
  expect(refused.status()).toBe(401);
  const answer = await page.request.post(address, { data: body, headers: signed(secret, body) });
  expect(answer.status()).toBe(200);
  expect(await answer.json()).toMatchObject({ status: "completed", outputs: { topic: "ships" } });

  await page.getByRole("row", { name: /Shop/ }).getByText("Completed").click();
  await page.waitForURL(/\/executions\/view\/\?id=/);
  await expect(page.getByText("ships").first()).toBeVisible();
});

test("make a schedule that says when it runs, and start it by hand", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "Report", definition });
  await page.goto(`/flows/triggers/?id=${flow.id}`);
  await page.getByRole("button", { name: "Add schedule" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name").fill("Weekdays");
  await sheet.getByLabel("How often").click();
  await page.getByRole("option", { name: "Every weekday at 9:00" }).click();
  await sheet.getByLabel("Time zone").click();
  await page.getByPlaceholder("Search", { exact: true }).fill("Asia/Tokyo");
  await page.getByRole("option", { name: "Asia/Tokyo" }).click();
  const next = sheet.getByRole("region", { name: "Next times" });
  await expect(next).toContainText("At 09:00 on Monday through Friday");
  await expect(next.getByText(/09:00 GMT\+9/)).toHaveCount(5);
  await sheet.getByLabel("Value 1").fill("at {{ inputs.scheduled_at }}");
  await sheet.getByLabel("Cron expression").fill("not cron");
  await expect(sheet.getByRole("alert").first()).toContainText("five fields");
  await sheet.getByLabel("Cron expression").fill("0 9 * * MON-FRI");
  await sheet.getByRole("button", { name: "Add schedule" }).click();

  const row = page.getByRole("row", { name: /Weekdays/ });
  await expect(row).toContainText("Asia/Tokyo");
  await row.getByRole("button", { name: "Actions for Weekdays" }).click();
  await page.getByRole("menuitem", { name: "Run now" }).click();
  await expect(row.getByText("Completed")).toBeVisible();
  await row.getByText("Weekdays").click();
  await expect(page.getByRole("region", { name: "Recent firings" })).toContainText("By hand");
});

test("be told of a failure by a call, and have it sent again", async ({ page, api }) => {
  const told: { headers: IncomingMessage["headers"]; body: string }[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      told.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`;
  try {
    await page.goto("/settings/notifications/");
    await page.getByRole("button", { name: "Add a notification" }).click();
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("checkbox", { name: "Completed" }).click();
    await sheet.getByRole("radio", { name: "Call to a URL" }).click();
    await sheet.getByLabel("URLs").fill(url);
    await sheet.getByRole("button", { name: "Add notification" }).click();
    const ready = page.getByRole("dialog", { name: "Signing secret" });
    const secret = (await ready.getByLabel("Secret", { exact: true }).textContent()) ?? "";
    await ready.getByRole("button", { name: "Done" }).click();

    const flow = await make(api, "/flows", { name: "Report", definition });
    await make(api, `/flows/${flow.id}/execute`, { inputs: { topic: "x" } });
    await page.getByRole("row", { name: /Failed executions/ }).click();
    const sent = page.getByRole("region", { name: "Deliveries" });
    await expect(sent).toContainText("The receiver answered 500");
    await expect(sent).toContainText("Waiting");
    status = 204;
    await sent.getByRole("button", { name: "Send again" }).click();
    await expect(sent.getByText("Delivered")).toBeVisible();

    const { headers, body } = told.at(-1)!;
    const time = String(headers["x-watchbill-timestamp"]);
    const signature = createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
    expect(headers["x-watchbill-signature"]).toBe(`v1=${signature}`);
    expect(JSON.parse(body)).toMatchObject({ type: "execution_completed" });
  } finally {
    server.close();
  }
});
