/** What people come for: draw a flow with the mouse, run it, watch it, read the result; and stop an execution. */
import { randomUUID } from "node:crypto";
import { connect, drop, inspector, port, saved } from "./drawing";
import { expect, make, PASSWORD, test } from "./fixtures";
import { SLOW_WORDS } from "./stack";

type Call = { messages: { content: string }[]; outcome: string };
type Event = { seq: number; type: string; data: { text?: string } };

test("sign up, draw a flow with the mouse, run it, watch it, reload, and read the result", async ({
  page,
}) => {
  test.setTimeout(600_000);
  await page.setViewportSize({ width: 1680, height: 1000 });
  const id = randomUUID().slice(0, 8);

  await page.goto("/register/");
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill(`ada-${id}@example.org`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.locator("input[name=tenant_name]").fill("Engines");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Hello, Ada" })).toBeVisible();
  await page.goto("/models/");
  await page.getByRole("button", { name: "Add provider" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Type").click();
  await page.getByRole("option", { name: /OpenAI-compatible/ }).click();
  await sheet.getByLabel("Name").fill("Scripted");
  await sheet.getByLabel("Models").fill("test-model");
  await sheet.getByLabel("Models").press("Enter");
  await sheet.getByLabel("Base URL").fill(`${process.env.LLM_URL}/v1`);
  await sheet.getByLabel("API key").fill("sk-browser-0001");
  await sheet.getByRole("button", { name: "Add provider" }).click();
  await expect(sheet.getByLabel("API key")).toHaveAttribute("placeholder", /0001/);

  await page.goto("/flows/");
  await page.getByRole("button", { name: "New flow" }).first().click();
  await page.waitForURL(/\/flows\/edit\/\?id=/);

  await drop(page, "Input", 150, 200);
  await drop(page, "Agent", 430, 200);
  await drop(page, "Condition", 710, 200);
  await drop(page, "Output", 900, 100);
  await drop(page, "Output", 900, 360);
  await page.getByRole("button", { name: "Show the whole flow" }).click();

  await connect(page, port(page, "Output of Input"), port(page, "Input of Agent"));
  await connect(page, port(page, "Output of Agent"), port(page, "Input of Condition"));
  const outputs = page.getByRole("img", { name: /^Input of Output/ });
  await connect(page, port(page, "Branch yes of Condition"), outputs.nth(0));
  await connect(page, port(page, "Branch no of Condition"), outputs.nth(1));
  await expect(page.locator(".react-flow__edge")).toHaveCount(4);

  await page.locator(".react-flow__node").filter({ hasText: "Agent" }).click();
  await inspector(page).getByLabel("Role").fill("Researcher");
  await inspector(page).getByLabel("Goal").fill("Speak SLOWLY about {{ inputs.topic }}");
  await inspector(page)
    .getByLabel("Task", { exact: true })
    .last()
    .fill("Explain {{ inputs.topic }}");
  await inspector(page).getByLabel("Expected output").fill("A text");

  await page.locator(".react-flow__node").filter({ hasText: "Condition" }).click();
  await inspector(page)
    .getByRole("textbox", { name: "When", exact: true })
    .fill("size(nodes.agent.output) > 5");

  const drawn = page.locator(".react-flow__node").filter({ hasText: "Output" });
  for (const index of [0, 1]) {
    await drawn.nth(index).click();
    await inspector(page)
      .getByLabel("Value of result")
      .fill(index === 0 ? "{{ nodes.agent.output }}" : "too short");
  }
  await saved(page);
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();

  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/topic/i).fill("the tides");
  await dialog.getByRole("button", { name: "Run flow" }).click();

  // Streamed text appears on the node while it is still running.
  const agent = page.locator(".react-flow__node").filter({ hasText: "Researcher" });
  await expect(agent.getByText(/word3/)).toBeVisible({ timeout: 60_000 });
  await expect(agent.getByText("Running")).toBeVisible();

  const execution = new URL(page.url()).searchParams.get("execution");
  await page.reload();
  await expect(agent.getByText("Running")).toBeVisible();
  await page.getByRole("link", { name: "Open" }).click();
  await page.waitForURL(/\/executions\/view\//);

  await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(`word${SLOW_WORDS}`).first()).toBeVisible();

  // The page and the API tell of the same events, each once.
  const answer = await page.request.get(`/api/v1/executions/${execution}/events?limit=1000`);
  const { items } = (await answer.json()) as { items: Event[] };
  expect(items.map((event) => event.seq)).toEqual(items.map((_, index) => index + 1));
  const text = items.filter((event) => event.type === "llm_token").map((event) => event.data.text);
  expect(text.join("").trim().split(/\s+/)).toHaveLength(SLOW_WORDS);
  await page.getByRole("tab", { name: "Events" }).click();
  await expect(page.getByText(`of ${items.length}`, { exact: false }).first()).toBeVisible();
});

test("an execution is cancelled in the middle of a model call, and the model's connection closes", async ({
  page,
  api,
}) => {
  const id = randomUUID().slice(0, 8);
  await make(api, "/llm-providers", {
    name: "Scripted",
    provider_type: "openai_compatible",
    base_url: `${process.env.LLM_URL}/v1`,
    api_key: "sk-browser-0002",
    models: ["test-model"],
  });
  const flow = await make(api, "/flows", {
    name: "Slow",
    definition: {
      schema: "watchbill.flow/v1",
      nodes: [
        { id: "start", type: "input", config: { fields: [] } },
        { id: "ask", type: "llm", label: "Ask", config: { prompt: `SLOWLY ${id}` } },
        { id: "end", type: "output", config: { values: { answer: "{{ nodes.ask.output }}" } } },
      ],
      edges: [
        { id: "a", source: "start", target: "ask" },
        { id: "b", source: "ask", target: "end" },
      ],
      layout: { start: { x: 0, y: 0 }, ask: { x: 320, y: 0 }, end: { x: 640, y: 0 } },
    },
  });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: {} });

  await page.goto(`/executions/view/?id=${execution.id}`);
  await expect(page.getByText(/word2/).first()).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel execution" }).click();
  await expect(page.getByText("Cancelled").first()).toBeVisible();

  const mine = async () => {
    const answer = await page.request.get(`${process.env.LLM_URL}/_calls`);
    const { items } = (await answer.json()) as { items: Call[] };
    return items
      .filter((call) => call.messages.some((message) => message.content.includes(id)))
      .map((call) => call.outcome);
  };
  await expect.poll(mine).toEqual(["client_closed"]);
  await page.reload();
  await expect(page.getByText("Cancelled").first()).toBeVisible();
});
