/** Every page and form, in light and dark: axe finds nothing. */
import AxeBuilder from "@axe-core/playwright";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, make, makeExample, test } from "./fixtures";
import { asking, mapping } from "./flows";

// axe takes seconds a page on a busy machine, and each test looks at many.
test.describe.configure({ timeout: 600_000 });

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// What axe finds by colours; everything else is the same in both themes, and looked at in one.
const BY_COLOUR = ["color-contrast", "link-in-text-block"];

/** `without` names rules that do not fit what is looked at. */
async function check(page: Page, name: string, without: string[] = []) {
  await wear(page, "light");
  await find(page, `${name}, light`, (axe) => axe.withTags(TAGS).disableRules(without));
  await wear(page, "dark");
  await find(page, `${name}, dark`, (axe) => axe.withRules(BY_COLOUR));
}

/** Changes the theme, which follows the system's, and waits for what then moves or fades. */
async function wear(page: Page, theme: "light" | "dark") {
  await page.emulateMedia({ colorScheme: theme });
  await expect(page.locator("html")).toHaveClass(new RegExp(theme));
  // What fades in has its full contrast only at the end.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
        .map(({ finished }) => finished.catch(() => undefined)),
    ),
  );
}

async function find(page: Page, name: string, ask: (axe: AxeBuilder) => AxeBuilder) {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ["violations"] });
  const { violations } = await ask(axe).analyze();
  const found = violations.map(({ id, nodes }) => ({
    id,
    where: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
  }));
  expect.soft(found, name).toEqual([]);
}

/** One of each thing. */
async function fill(api: APIRequestContext) {
  const provider = await make(api, "/llm-providers/demo");
  const flow = await makeExample(api, "support-triage");
  const agent = await make(api, "/agents", {
    name: "Scout",
    role: "Researcher",
    goal: "Facts",
  });
  const task = { description: "Find facts", expected_output: "Bullets", agent_id: agent.id };
  const crew = await make(api, "/crews", {
    name: "Desk",
    agent_ids: [agent.id],
    tasks: [
      { ...task, name: "find" },
      { ...task, name: "write", context: ["find"] },
    ],
  });
  return { provider, flow, agent, crew };
}

test("pages without a session", async ({ page }) => {
  await page.goto("/login/");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Enter your password.").waitFor();
  await check(page, "login with errors");
  await page.goto("/register/");
  await page.getByRole("button", { name: "Create account" }).waitFor();
  await check(page, "register");
  await page.goto("/nowhere/");
  await page.getByText("This page does not exist").waitFor();
  await check(page, "not found");
});

test("empty pages", async ({ page, person }) => {
  expect(person.token).not.toBe("");
  for (const place of ["flows", "executions", "agents", "crews", "models"]) {
    await page.goto(`/${place}/`);
    await page.getByRole("heading", { name: /^No .* yet$/ }).waitFor();
    await check(page, `empty ${place}`);
  }
  await page.goto("/");
  await page.getByRole("heading", { name: "First steps" }).waitFor();
  await check(page, "home, first steps");
});

test("lists", async ({ page, api }) => {
  const { crew } = await fill(api);
  await make(api, `/crews/${crew.id}/test`);
  await page.goto("/");
  await page.getByRole("heading", { name: "Recent flows" }).waitFor();
  await check(page, "home");
  for (const place of ["flows", "executions", "agents", "crews", "models"]) {
    await page.goto(`/${place}/`);
    await page.getByRole("row").nth(1).waitFor();
    await check(page, place);
  }
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menu").waitFor();
  // An open menu floats above the landmarks, as it must.
  await check(page, "menu of a row", ["region"]);
});

test("single things", async ({ page, api }) => {
  const { flow, crew } = await fill(api);
  const execution = await make(api, `/crews/${crew.id}/test`);
  await page.goto(`/executions/view/?id=${execution.id}`);
  await page.getByText("Completed").first().waitFor({ timeout: 60_000 });
  await check(page, "execution");
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  await check(page, "editor");
  await page.goto("/settings/");
  await page.getByText("Admin: can do everything in this tenant").waitFor();
  await check(page, "settings");
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: "Scout" }).waitFor();
  await check(page, "palette");
});

test("bodies and questions", async ({ page, api }) => {
  await page.goto("/inbox/");
  await page.getByRole("heading", { name: "No open questions" }).waitFor();
  await check(page, "empty inbox");
  const asks = await make(api, "/flows", { name: "Payment", definition: asking });
  await make(api, `/flows/${asks.id}/execute`, { inputs: { amount: 120 } });
  await page.reload();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Enter a value.").waitFor();
  await check(page, "inbox, with errors");
  await page.getByRole("button", { name: "Reject" }).click();
  await page.getByRole("button", { name: "Answered and closed" }).click();
  await page.getByText("by Grace Hopper").waitFor();
  await check(page, "answered questions");

  const flow = await make(api, "/flows", { name: "Topics", definition: mapping });
  const inputs = { topics: ["tides", "moons"] };
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs });
  await page.goto(`/executions/view/?id=${execution.id}&node=each`);
  await page.getByRole("list", { name: "Iterations" }).waitFor();
  await page.getByRole("button", { name: "Expand Each topic" }).click();
  await check(page, "execution with iterations");
  await page.getByRole("button", { name: "Fork from here" }).click();
  await page.getByRole("dialog").waitFor();
  await check(page, "fork");
  // Wide enough for the canvas' own tools to stand beside each other.
  await page.setViewportSize({ width: 1600, height: 900 });
  await page.goto(`/flows/edit/?id=${flow.id}&execution=${execution.id}`);
  await page.getByRole("button", { name: "Open the body of Each topic" }).click();
  await page.getByRole("navigation", { name: "Levels of the flow" }).waitFor();
  await page.locator("[data-id=shout].react-flow__node").click();
  await page.getByText("When it fails", { exact: true }).click();
  await check(page, "body, with an inspector");
});

test("triggers and notifications", async ({ page, api }) => {
  const { flow } = await fill(api);
  await page.goto(`/flows/triggers/?id=${flow.id}`);
  await page.getByText("No triggers yet").waitFor();
  await check(page, "empty triggers");
  const about = { flow_id: flow.id };
  await make(api, "/triggers", { ...about, name: "Daily", schedule: { cron: "0 9 * * *" } });
  const hook = await make(api, "/triggers", { ...about, name: "Shop", webhook: {} });
  await page.goto(`/flows/triggers/?id=${flow.id}&open=${hook.id}`);
  await page.getByRole("region", { name: "How to call it" }).waitFor();
  await check(page, "webhook");
  await page.goto(`/flows/triggers/?id=${flow.id}&new=schedule`);
  await page.getByRole("region", { name: "Next times" }).getByText("At 09:00 every day").waitFor();
  await check(page, "new schedule");
  await make(api, "/notifications", {
    name: "Failures",
    channel: "email",
    recipients: ["ann@example.org"],
  });
  await page.goto("/settings/notifications/");
  await page.getByRole("row").nth(1).waitFor();
  await check(page, "notifications");
  await page.goto("/settings/notifications/?new=1");
  await page.getByRole("button", { name: "Add notification" }).click();
  await page.getByText("Add at least one recipient.").waitFor();
  await check(page, "new notification, with errors");
});

test("people and keys", async ({ page, api }) => {
  await make(api, "/invitations", { email: "somebody@example.org" });
  const { link } = await make<{ link: string }>(api, "/invitations", {
    email: "newcomer@example.org",
    role: "viewer",
  });
  await make(api, "/api-keys", { name: "CI", scopes: ["flows:read", "flows:execute"] });
  await page.goto("/settings/sessions/");
  await page.getByText("This device").waitFor();
  await check(page, "sessions");
  await page.goto("/settings/members/");
  await page.getByText("(you)").waitFor();
  await check(page, "members");
  await page.getByRole("tab", { name: "Invitations" }).click();
  await page.getByText("newcomer@example.org").waitFor();
  await check(page, "invitations");
  await page.getByRole("tab", { name: "Roles" }).click();
  await page.getByText("Run flows and crews").waitFor();
  await check(page, "roles");
  await page.goto("/settings/members/?invite=1");
  await page.getByRole("button", { name: "Send invitation" }).click();
  await page.getByRole("alert").filter({ hasText: "Enter an e-mail" }).waitFor();
  await check(page, "invite, with errors");
  await page.getByRole("dialog").getByLabel("E-mail").fill("another@example.org");
  await page.getByRole("button", { name: "Send invitation" }).click();
  await page.getByText("You cannot see it again").waitFor();
  await check(page, "link of an invitation");
  await page.goto("/settings/api-keys/");
  await page.getByRole("row").nth(1).waitFor();
  await check(page, "API keys");
  await page.goto("/settings/api-keys/?new=1");
  await page.getByText("Run flows and crews").waitFor();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("alert").filter({ hasText: "name" }).waitFor();
  await check(page, "new API key, with errors");
  await page.goto(link);
  await page.getByRole("button", { name: "Accept invitation" }).waitFor();
  await check(page, "invitation to accept");
  await page.goto("/forgot-password/");
  await page.getByRole("button", { name: "Mail me a link" }).waitFor();
  await check(page, "forgotten password");
  await page.goto("/reset-password/#token=x");
  await page.getByRole("button", { name: "Set password" }).waitFor();
  await check(page, "new password");
  await page.goto("/verify-email/#token=x");
  await page.getByRole("button", { name: "Confirm address" }).waitFor();
  await check(page, "confirming an address");
});

test("forms", async ({ page, api }) => {
  const { provider, agent, crew } = await fill(api);
  for (const [place, id, name] of [
    ["agents", agent.id, "agent"],
    ["crews", crew.id, "crew"],
    ["models", provider.id, "provider"],
  ]) {
    await page.goto(`/${place}/?open=${id}`);
    await page.getByRole("button", { name: "Save" }).waitFor();
    await check(page, `stored ${name}`);
  }
  for (const place of ["agents", "crews", "models"]) {
    await page.goto(`/${place}/?new=1`);
    const sheet = page.getByRole("dialog");
    await sheet.getByRole("button", { name: /^Add (agent|crew|provider)$/ }).click();
    await sheet.getByRole("alert").first().waitFor();
    for (const more of await sheet.getByRole("button", { name: /^More/ }).all()) {
      await more.click();
    }
    await check(page, `new in ${place}, with errors`);
  }
  await page.goto("/flows/?examples=1");
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Support triage/ })
    .waitFor();
  await check(page, "examples");
});
