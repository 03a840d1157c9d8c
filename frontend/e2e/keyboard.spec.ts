/** What the tutorial builds with the mouse, built and run without one: every key is pressed where the focus is. */
import type { Locator, Page } from "@playwright/test";
import { inspector, saved } from "./drawing";
import { expect, test } from "./fixtures";

/** The most stops of Tab on a page; more would be a trap. */
const MOST_STOPS = 120;

/** Goes on with Tab until this has the focus. */
async function reach(page: Page, target: Locator, key = "Tab") {
  await expect(target.first()).toBeVisible();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    const there = await target.evaluateAll((all) =>
      all.some((one) => one === document.activeElement),
    );
    if (there) return;
    await page.keyboard.press(key);
  }
  throw new Error(`Tab does not lead to ${String(target)}.`);
}

async function press(page: Page, target: Locator) {
  await reach(page, target);
  await page.keyboard.press("Enter");
}

async function type(page: Page, target: Locator, text: string) {
  await reach(page, target);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

const node = (page: Page, name: string) =>
  page.locator(".react-flow__node").filter({ hasText: name });
const field = (page: Page, label: string) => inspector(page).getByLabel(label, { exact: true });

/** Adds a node beside the one that has the focus, and connects it from the node before. */
async function add(page: Page, word: string) {
  await page.keyboard.press("n");
  await expect(page.getByPlaceholder("Add a node")).toBeFocused();
  await page.keyboard.insertText(word);
  await page.keyboard.press("Enter");
  await expect(page.getByPlaceholder("Add a node")).toBeHidden();
}

/** Opens a node in the inspector, where its name has the focus. */
async function open(page: Page, name: string) {
  await reach(page, node(page, name), "Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("textbox", { name: "Name", exact: true }).first()).toBeFocused();
}

test("a flow is drawn, filled in, run and read with the keyboard alone", async ({
  page,
  person,
}) => {
  test.setTimeout(600_000);
  await page.goto("/");
  await expect(page.getByText(person.tenant).first()).toBeVisible();
  await press(page, page.getByRole("button", { name: "Use the demo model" }));
  await expect(page.getByRole("button", { name: "Use the demo model" })).toBeHidden();

  await press(
    page,
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Flows" }),
  );
  await press(page, page.getByRole("button", { name: "New flow" }).first());
  await page.waitForURL(/\/flows\/edit\/\?id=/);
  await expect(page.locator(".wb-canvas")).toBeVisible();

  for (const word of ["input", "llm", "output"]) await add(page, word);
  await expect(page.locator(".react-flow__node")).toHaveCount(3);

  for (const [from, to] of [
    ["Input", "LLM"],
    ["LLM", "Output"],
  ] as const) {
    await open(page, from);
    await press(page, page.getByRole("combobox", { name: "Connect to" }));
    await expect(page.getByPlaceholder("Search", { exact: true })).toBeFocused();
    await page.keyboard.insertText(to);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: `Disconnect ${to}` })).toBeVisible();
    await page.keyboard.press("Escape");
  }

  await open(page, "Input");
  await type(page, field(page, "Name").last(), "message");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await open(page, "LLM");
  await type(page, field(page, "Prompt"), "Answer {{ inputs.message }}");
  await page.keyboard.press("Escape");
  await open(page, "Output");
  await type(page, field(page, "Value of result"), "{{ nodes.llm.output }}");
  await saved(page);
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();

  await press(page, page.getByRole("button", { name: "Run", exact: true }));
  const dialog = page.getByRole("dialog");
  await type(page, dialog.getByLabel("message"), "When is high water?");
  await press(page, dialog.getByRole("button", { name: "Run flow" }));
  const drawer = page.getByRole("region", { name: /^Execution of/ });
  await expect(drawer.getByText("Completed").first()).toBeVisible({ timeout: 120_000 });
  await reach(page, drawer.getByRole("tab", { selected: true }));
  await page.keyboard.press("Home");
  await expect(drawer.getByRole("tab", { name: "Timeline", selected: true })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(drawer.getByRole("tab", { name: "Output", selected: true })).toBeFocused();
  await expect(drawer.getByRole("tabpanel")).toContainText("result");
});
