/** docs/tutorial.md, word for word, by somebody who has just signed up. */
import type { Page } from "@playwright/test";
import { atRest, connect, drop, inspector, port, saved } from "./drawing";
import { expect, test } from "./fixtures";

const node = (page: Page, name: string) =>
  page.locator(".react-flow__node").filter({ hasText: name });

/** Chooses a node and fills in a text field of the inspector. */
async function fill(page: Page, name: string, fields: Record<string, string>) {
  await node(page, name).click();
  for (const [label, text] of Object.entries(fields)) {
    await inspector(page).getByLabel(label, { exact: true }).last().fill(text);
  }
}

/** Adds a node by typing a word for it where the mouse is. */
async function addByTyping(page: Page, x: number, y: number, word: string) {
  await page.locator(".wb-canvas").hover({ position: { x, y } });
  await page.keyboard.press("/");
  await page.getByPlaceholder("Add a node").fill(word);
  await page.keyboard.press("Enter");
}

test("the tutorial can be followed word for word", async ({ page, person }) => {
  test.setTimeout(600_000);
  await page.setViewportSize({ width: 1680, height: 1000 });

  // 1. Start
  await page.goto("/");
  await expect(page.getByRole("heading", { name: /^Hello/ })).toBeVisible();
  expect(person.tenant).toContain("Navy");
  await page.getByRole("button", { name: "Use the demo model" }).click();

  // 2. Look at an example
  const main = page.getByRole("navigation", { name: "Main" });
  await main.getByRole("link", { name: "Flows" }).click();
  await page
    .getByRole("button", { name: /example/i })
    .first()
    .click();
  await page.getByRole("button", { name: /Research brief/ }).click();
  await page.waitForURL(/\/flows\/edit\/\?id=/);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/topic/i).fill("tides");
  await dialog.getByRole("button", { name: "Run flow" }).click();
  const drawer = page.getByRole("region", { name: /^Execution of/ });
  await expect(drawer.getByText("Completed").first()).toBeVisible({ timeout: 120_000 });

  // 3. Draw your own
  await main.getByRole("link", { name: "Flows" }).click();
  await page.getByRole("button", { name: "New flow" }).first().click();
  await page.waitForURL((url) => url.pathname === "/flows/edit/" && url.searchParams.has("id"));
  await drop(page, "Input", 100, 200);
  await addByTyping(page, 400, 230, "llm");
  await addByTyping(page, 700, 230, "if");
  await drop(page, "Output", 900, 100);
  await drop(page, "Output", 640, 600);
  await page.getByRole("button", { name: "Show the whole flow" }).click();
  await connect(page, port(page, "Output of Input"), port(page, "Input of LLM"));
  await connect(page, port(page, "Output of LLM"), port(page, "Input of Condition"));
  const outputs = page.getByRole("img", { name: /^Input of Output/ });
  await connect(page, port(page, "Branch yes of Condition"), outputs.nth(0));
  await connect(page, port(page, "Branch no of Condition"), outputs.nth(1));

  await node(page, "Input").click();
  await inspector(page).getByLabel("Name", { exact: true }).last().fill("message");
  await inspector(page).getByLabel("Name", { exact: true }).last().press("Enter");
  await inspector(page).getByLabel("Type", { exact: true }).click();
  await page.getByRole("option", { name: "Text", exact: true }).click();
  await fill(page, "LLM", {
    Prompt: "Classify this message by urgency. Message: {{ inputs.message }}",
  });
  await inspector(page).getByLabel("Output schema").click();
  await page.keyboard.insertText(
    '{"type": "object", "properties": {"urgency": {"enum": ["low", "high"]}}, "required": ["urgency"]}',
  );
  await fill(page, "Condition", { When: 'nodes.llm.output.urgency == "high"' });
  await node(page, "Output").nth(0).click();
  await inspector(page).getByLabel("Value of result").fill("Call back now: {{ inputs.message }}");
  await node(page, "Output").nth(1).click();
  await inspector(page).getByLabel("Value of result").fill("Goes into the queue.");
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();

  for (const [message, answer] of [
    ["Our site is down, please help immediately", /Call back now/],
    ["I like the new colours", /Goes into the queue/],
  ] as const) {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.getByLabel("message").fill(message);
    await dialog.getByRole("button", { name: "Run flow" }).click();
    await expect(dialog).toBeHidden();
    await drawer.getByRole("tab", { name: "Output" }).click();
    await expect(drawer.getByText(answer)).toBeVisible({ timeout: 120_000 });
  }
  await drawer.getByRole("button", { name: "Close" }).click();

  // 4. Change something
  await page.getByRole("button", { name: "Show the whole flow" }).click();
  const edges = page.locator(".react-flow__edge");
  await atRest(edges.nth(2));
  // The button goes when the edge is drawn anew, as after an execution: then one points at it again.
  await expect(async () => {
    await edges.nth(2).hover({ force: true });
    await page.getByRole("button", { name: "Insert a node here" }).click({ timeout: 2_000 });
  }).toPass();
  await page.getByPlaceholder("Add a node").fill("agent");
  await page.keyboard.press("Enter");
  const agent = inspector(page);
  await expect(agent.getByRole("heading", { name: "Agent" })).toBeVisible();
  await expect(agent.getByLabel("Expected output")).toHaveAttribute("aria-required", "true");
  await fill(page, "Agent", {
    Role: "Coordinator",
    Goal: "Answer within minutes",
    Task: "Write a reply to {{ inputs.message }}",
  });
  // Who overlooks a field is told which one, wherever they go next.
  const publish = page.getByRole("button", { name: "Publish" });
  await expect(publish).toHaveAttribute("aria-disabled", "true");
  await publish.hover();
  await expect(page.getByRole("tooltip")).toContainText("Task, expected output");
  for (const [button, refusal] of [
    [publish, "The flow was not published."],
    [page.getByRole("button", { name: "Run", exact: true }), "The flow was not run."],
  ] as const) {
    // It is grey, and leads to the list all the same.
    await button.click({ force: true });
    const problems = page.getByRole("dialog", { name: "Problems" });
    await expect(problems.getByRole("alert")).toContainText(refusal);
    await problems.getByRole("button", { name: /expected output/ }).click();
    await expect(agent.getByLabel("Expected output")).toBeFocused();
  }
  await agent.getByLabel("Expected output").fill("A short reply");
  await node(page, "Output").first().click();
  await inspector(page).getByLabel("Value of result").fill("{{ nodes.agent.output }}");
  await saved(page);

  await publish.click();
  await expect(page.getByText("Version 1 published")).toBeVisible();
  await expect(page.getByText("Version 1", { exact: true })).toBeVisible();
  await publish.click();
  await expect(page.getByText("Nothing has changed since version 1")).toBeVisible();
  await fill(page, "Condition", { When: 'nodes.llm.output.urgency == "low"' });
  await expect(page.getByText("Draft, changed since version 1")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Version 1", { exact: true })).toBeVisible();
});
