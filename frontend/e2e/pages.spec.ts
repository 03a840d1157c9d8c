/** The pages of models, agents, crews and flows: making, changing and deleting through the interface. */
import { expect, make, makeExample, test } from "./fixtures";

const agent = { name: "Scout", role: "Researcher", goal: "Find facts on {{ inputs.topic }}" };

test.beforeEach(({ person }) => expect(person.token).not.toBe(""));

test("home leads to the demo model and an example", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Use the demo model" }).click();
  await expect(page.getByRole("heading", { name: "Connect a model (done)" })).toBeVisible();
  await page.getByRole("link", { name: "Start from an example" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Support triage/ })
    .click();
  await page.waitForURL(/\/flows\/edit\/\?id=/);
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeVisible();
  await page.goto("/");
  await expect(page.getByRole("link", { name: /Support triage/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Open the flow" })).toBeVisible();
});

test("the demo model answers its test", async ({ page }) => {
  await page.goto("/models/");
  await page.getByRole("button", { name: "Use the demo model" }).first().click();
  await page.getByRole("row", { name: /Demo/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Test", exact: true }).click();
  await expect(sheet.getByText("answered in")).toBeVisible({ timeout: 60_000 });
});

test("a provider is added, tested, switched off and deleted", async ({ page }) => {
  await page.goto("/models/");
  await page.getByRole("button", { name: "Add provider" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Type").click();
  await page.getByRole("option", { name: /OpenAI-compatible/ }).click();
  await sheet.getByLabel("Name").fill("Our server");
  await sheet.getByLabel("Models").fill("tiny");
  await sheet.getByLabel("Models").press("Enter");
  await sheet.getByRole("button", { name: "Add provider" }).click();
  await expect(
    sheet.getByText("Enter the address. This type of provider needs an address."),
  ).toBeVisible();
  // Nothing listens on the discard port.
  await sheet.getByLabel("Base URL").fill("http://127.0.0.1:9/v1");
  await sheet.getByLabel("API key").fill("sk-secret-key-0001");
  await sheet.getByRole("button", { name: "More" }).click();
  await sheet.getByLabel("tiny: price of input tokens").fill("0.5");
  await sheet.getByLabel("tiny: price of output tokens").fill("1.5");
  await sheet.getByRole("button", { name: "Add provider" }).click();

  // The new one opens, its key only hinted at.
  await expect(sheet.getByLabel("API key")).toHaveAttribute("placeholder", /0001/);
  await expect(sheet.getByLabel("API key")).toHaveValue("");
  await sheet.getByRole("button", { name: "More" }).click();
  await expect(sheet.getByLabel("tiny: price of output tokens")).toHaveValue("1.5");
  await sheet.getByRole("button", { name: "Test", exact: true }).click();
  await expect(sheet.getByRole("status").getByText(/\S/)).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("Escape");

  const row = page.getByRole("row", { name: /Our server/ });
  await row.getByRole("switch").click();
  await expect(row.getByRole("switch")).not.toBeChecked();
  await page.reload();
  await expect(row.getByRole("switch")).not.toBeChecked();
  await row.getByRole("button", { name: "Actions for Our server" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete provider" }).click();
  await expect(page.getByText("No models yet")).toBeVisible();
});

test("an agent is described, changed, found and deleted", async ({ page }) => {
  await page.goto("/agents/");
  await page.getByRole("button", { name: "Create an agent" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Add agent" }).click();
  await expect(sheet.getByText("Say what the agent should achieve.")).toBeVisible();
  await sheet.getByLabel("Name").fill(agent.name);
  await sheet.getByLabel("Role").fill(agent.role);
  await sheet.getByLabel("Goal").fill(agent.goal);
  await sheet.getByLabel("Model", { exact: true }).click();
  await page.getByPlaceholder("Search", { exact: true }).fill("my-model");
  await page.getByRole("option", { name: "Use “my-model”" }).click();
  await sheet.getByRole("button", { name: "More options" }).click();
  await sheet.getByLabel("Maximum model calls").fill("7");
  await sheet.getByRole("button", { name: "Add agent" }).click();
  const row = page.getByRole("row", { name: /Scout/ });
  await expect(row).toContainText("my-model");

  await row.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\?open=/);
  await expect(sheet.getByLabel("Maximum model calls")).toHaveValue("7");
  await sheet.getByLabel("Role").fill("Senior researcher");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Discard your changes?" }).getByText("Cancel").click();
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("Senior researcher");

  await page.getByLabel("Search agents").fill("nobody");
  await expect(page.getByText("No agents match")).toBeVisible();
  await expect(page).toHaveURL(/\?q=nobody/);
  await page.getByRole("button", { name: "Show all agents" }).click();
  await row.getByRole("button", { name: "Actions for Scout" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete agent" }).click();
  await expect(page.getByText("No agents yet")).toBeVisible();
});

test("a crew is put together, changed and deleted, and holds its agents", async ({ page, api }) => {
  await make(api, "/agents", agent);
  await page.goto("/crews/");
  await page.getByRole("button", { name: "Create a crew" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name").first().fill("Desk");
  await sheet.getByLabel("Agents").click();
  await page.getByRole("option", { name: /Scout/ }).click();
  const first = sheet.getByRole("group", { name: "Task 1" });
  await first.getByLabel("Name").fill("research");
  await first.getByLabel("Agent", { exact: true }).click();
  await page.getByRole("option", { name: /Scout/ }).click();
  await first.getByLabel("Description").fill("Research {{ inputs.topic }}");
  await first.getByLabel("Expected output").fill("Bullet points");
  await sheet.getByRole("button", { name: "Add a task" }).click();
  const second = sheet.getByRole("group", { name: "Task 2" });
  await second.getByLabel("Name").fill("write");
  await second.getByLabel("Description").fill("Write it up for {{ inputs.reader }}");
  await second.getByRole("checkbox", { name: "research" }).click();
  await sheet.getByRole("button", { name: "Add crew" }).click();
  await expect(second.getByText("Say what the result should look like.")).toBeVisible();
  await second.getByLabel("Expected output").fill("A page");
  await sheet.getByRole("button", { name: "Add crew" }).click();
  const row = page.getByRole("row", { name: /Desk/ });
  await expect(row).toContainText("Sequential");

  await row.click();
  await first.getByLabel("Name").fill("search");
  await expect(second.getByRole("checkbox", { name: "search" })).toBeChecked();
  await sheet.getByRole("button", { name: "Save" }).click();
  await row.click();
  await expect(second.getByRole("checkbox", { name: "search" })).toBeChecked();
  await page.keyboard.press("Escape");

  await page.goto("/agents/");
  await page.getByRole("button", { name: "Actions for Scout" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete agent" }).click();
  await expect(page.getByRole("dialog").getByText(/belongs to “Desk”/)).toBeVisible();

  await page.goto("/crews/");
  await row.getByRole("button", { name: "Actions for Desk" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete crew" }).click();
  await expect(page.getByText("No crews yet")).toBeVisible();
});

test("a crew is tested by itself", async ({ page, api }) => {
  await make(api, "/llm-providers/demo");
  const { id } = await make(api, "/agents", agent);
  const task = {
    name: "t",
    description: "Facts on {{ inputs.topic }}",
    expected_output: "Bullets",
  };
  await make(api, "/crews", {
    name: "Desk",
    agent_ids: [id],
    tasks: [{ ...task, agent_id: id }],
  });
  await page.goto("/crews/");
  await page.getByRole("button", { name: "Actions for Desk" }).click();
  await page.getByRole("menuitem", { name: "Test crew" }).click();
  await page.getByRole("dialog").getByLabel("topic").fill("tides");
  await page.getByRole("button", { name: "Run crew" }).click();
  await page.waitForURL(/\/executions\/view\/\?id=/);
  const result = page.getByRole("tabpanel", { name: "Result" });
  await expect(result.getByText("tides").first()).toBeVisible({ timeout: 60_000 });
});

test("a flow is renamed, switched off, duplicated and deleted", async ({ page, api }) => {
  await makeExample(api, "support-triage");
  await page.goto("/flows/");
  const menu = async (name: string, item: string) => {
    await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await menu("Support triage", "Rename");
  await page.getByRole("dialog").getByLabel("Name").fill("Triage");
  await page.getByRole("button", { name: "Rename" }).click();
  const toggle = page.getByRole("switch", { name: "Triage is on" });
  await toggle.click();
  await expect(toggle).not.toBeChecked();
  await menu("Triage", "Duplicate");
  await expect(page.getByRole("row", { name: /Triage \(copy\)/ })).toBeVisible();
  await menu("Triage (copy)", "Delete");
  await page.getByRole("button", { name: "Delete flow" }).click();
  await expect(page.getByRole("row", { name: /Triage \(copy\)/ })).toHaveCount(0);
  await page.reload();
  await expect(toggle).not.toBeChecked();
});

test("the palette finds flows and agents, makes flows and changes the theme", async ({
  page,
  api,
}) => {
  await makeExample(api, "research-brief");
  await make(api, "/agents", agent);
  await page.goto("/settings/");
  const run = async (text: string, name: string) => {
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Search pages and actions").fill(text);
    await page.getByRole("option", { name, exact: true }).click();
  };
  await expect(page.getByText("Admin: can do everything in this tenant")).toBeVisible();
  await run("scout", "Scout");
  await expect(page.getByRole("dialog").getByLabel("Goal")).toHaveValue(agent.goal);
  await page.keyboard.press("Escape");
  await run("dark", "Theme: dark");
  await expect(page.locator("html")).toHaveClass(/dark/);
  await run("brief", "Research brief");
  await page.waitForURL(/\/flows\/edit\//);
  await run("new flow", "New flow");
  await expect(page.getByText("Untitled flow")).toBeVisible();
});
