/** Tools: made, tried out, and called by a flow. */
import { expect, make, test } from "./fixtures";

test.beforeEach(({ person }) => expect(person.token).not.toBe(""));

test("a tool in Python is made, tried out, corrected and deleted", async ({ page }) => {
  await page.goto("/tools/");
  await page.getByRole("button", { name: "Create a tool" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Add tool" }).click();
  await expect(sheet.getByText("Give the tool a name.")).toBeVisible();
  await sheet.getByLabel("Name").fill("Count words");
  await sheet.getByRole("button", { name: "Add tool" }).click();

  await page.getByRole("row", { name: /Count words/ }).click();
  await expect(sheet.getByText("Models call it count_words.")).toBeVisible();
  await sheet.getByRole("button", { name: "Call the tool" }).click();
  await expect(sheet.getByText(/^Done after .* in the built-in sandbox\.$/)).toBeVisible({
    timeout: 60_000,
  });

  await sheet.getByLabel("Python").fill("def run(text):\n    return 1 / 0\n");
  await expect(sheet.getByText("save your changes first")).toBeVisible();
  await sheet.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /Count words/ }).click();
  await sheet.getByRole("button", { name: "Call the tool" }).click();
  await expect(sheet.getByRole("alert")).toContainText("ZeroDivisionError", { timeout: 60_000 });

  await sheet.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete tool" }).click();
  await expect(page.getByText("No tools yet")).toBeVisible();
});

test("source that does not fit its schema is refused at the source", async ({ page }) => {
  await page.goto("/tools/?new=1");
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name").fill("Broken");
  await sheet.getByLabel("Python").fill("def run(text, more):\n    return text\n");
  await sheet.getByRole("button", { name: "Add tool" }).click();
  await expect(sheet.getByText(/needs `?more`?, but the input schema/)).toBeVisible();
});

test("a flow calls a tool, and its execution shows the call", async ({ page, api }) => {
  const tool = await make(api, "/tools", {
    name: "Sums",
    kind: "builtin",
    config: { builtin: "calculator" },
  });
  const definition = {
    schema: "watchbill.flow/v1",
    nodes: [
      { id: "in", type: "input", label: "Start", config: { fields: [] } },
      {
        id: "sum",
        type: "tool",
        label: "Add up",
        config: { tool_id: tool.id, arguments: { expression: "6 * 7" } },
      },
      {
        id: "out",
        type: "output",
        label: "Result",
        config: { values: { sum: "{{ nodes.sum.output }}" } },
      },
    ],
    edges: [
      { id: "a", source: "in", target: "sum" },
      { id: "b", source: "sum", target: "out" },
    ],
    layout: {},
  };
  const flow = await make(api, "/flows", { name: "Adding", definition });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: {} });
  await page.goto(`/executions/view/?id=${execution.id}`);
  await page.getByRole("button", { name: /^Completed\s*Add up/ }).click({ timeout: 60_000 });
  const calls = page.getByRole("region", { name: "Tool calls" });
  await expect(calls.getByText("Sums")).toBeVisible();
});
