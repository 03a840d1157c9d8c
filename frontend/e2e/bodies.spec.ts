/** Flows whose nodes run bodies, and flows that ask people: edited, run, watched and answered. */
import type { Page } from "@playwright/test";
import { expect, make, test } from "./fixtures";
import { asking, input, line, mapping, output } from "./flows";

async function editor(page: Page, id: string) {
  await page.setViewportSize({ width: 1500, height: 900 });
  await page.goto(`/flows/edit/?id=${id}`);
  await expect(page.locator(".react-flow__node").first()).toBeVisible();
}

test("a flow asks in the inbox, and goes on when it is approved", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "Payment", definition: asking });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: { amount: 120 } });

  await page.goto(`/executions/view/?id=${execution.id}`);
  await expect(page.getByText("Waits for an answer in the inbox")).toBeVisible();
  const rail = page.getByRole("navigation", { name: "Main" });
  await rail.getByRole("link", { name: /^Inbox.*1 open/ }).click();

  const form = page.getByRole("form", { name: "Answer “Send 120 euros?”" });
  await form.getByRole("button", { name: "Approve" }).click();
  await expect(form.getByText("Enter a value.")).toBeVisible();
  await form.getByLabel("From which account").fill("Travel");
  await form.getByLabel("Comment").fill("Well earned");
  await form.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("heading", { name: "No open questions" })).toBeVisible();

  await page.getByRole("button", { name: "Answered and closed" }).click();
  await expect(page.getByText("Well earned")).toBeVisible();
  await page.getByRole("link", { name: "Payment" }).click();
  await expect(page.getByText("Completed", { exact: true }).first()).toBeVisible();
  await expect(page.getByText("Grace Hopper").first()).toBeVisible();
});

test("a map over three items is seen item by item", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "Topics", definition: mapping });
  const inputs = { topics: ["tides", "moons", "winds"] };
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs });

  await page.goto(`/executions/view/?id=${execution.id}`);
  const timeline = page.getByRole("list", { name: "Nodes" }).first();
  await expect(timeline.getByText("3 of 3")).toBeVisible();
  await timeline.getByRole("button", { name: "Expand Each topic" }).click();
  await timeline.getByRole("button", { name: /^Completed 2 of 3/ }).click();
  const details = page.getByRole("region", { name: "Node Each topic, 2" });
  await details.getByRole("button", { name: /Shout/ }).click();
  await expect(
    page.getByRole("region", { name: "Node Shout" }).getByText("moons!").first(),
  ).toBeVisible();

  await page.getByRole("tab", { name: "Canvas" }).click();
  const levels = page.getByRole("navigation", { name: "Levels of the flow" });
  await expect(levels.getByText("2 of 3")).toBeVisible();
  await levels.getByRole("button", { name: "Next iteration" }).click();
  await expect(page).toHaveURL(/node=each%5B2%5D/);
  await levels.getByRole("button", { name: "Topics" }).click();
  await expect(levels).toBeHidden();
});

test("a body is opened, edited and left, and problems lead into it", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "Topics", definition: mapping });
  await editor(page, flow.id);
  const levels = page.getByRole("navigation", { name: "Levels of the flow" });
  await page.getByRole("button", { name: "Open the body of Each topic" }).click();
  await expect(levels.getByText("Each topic")).toBeVisible();
  const palette = page.getByRole("region", { name: "Node types" });
  await expect(palette.getByRole("button", { name: "Input" })).toBeHidden();
  await palette.getByRole("button", { name: "LLM" }).click();
  await expect(page.locator(".react-flow__node")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await levels.getByRole("button", { name: "Topics" }).click();
  await expect(page.getByText("2 nodes").first()).toBeVisible();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: /^Problems/ }).click();
  await page
    .getByRole("button", { name: /Each topic · LLM · Prompt/ })
    .first()
    .click();
  await expect(levels.getByText("Each topic")).toBeVisible();
  await expect(
    page.getByRole("complementary", { name: "Inspector" }).getByLabel("Prompt"),
  ).toBeFocused();
});

/** Drags a node type from the palette to the middle of the canvas; returns how far from there the node is. */
async function astray(page: Page, type: string): Promise<number> {
  const canvas = page.locator(".wb-canvas");
  const palette = page.getByRole("region", { name: "Node types" });
  const before = (await canvas.boundingBox())!;
  const at = { x: 320, y: 300 };
  await palette.getByRole("button", { name: type }).dragTo(canvas, { targetPosition: at });
  const node = (await page.locator(".react-flow__node").boundingBox())!;
  return Math.hypot(
    node.x + node.width / 2 - before.x - at.x,
    node.y + node.height / 2 - before.y - at.y,
  );
}

test("a flow that says no places opens laid out, and nothing jumps", async ({ page, api }) => {
  const definition = { ...mapping, layout: undefined };
  const flow = await make(api, "/flows", { name: "Without places", definition });
  await page.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(window, { seen });
    new MutationObserver(() => {
      for (const node of document.querySelectorAll<HTMLElement>(".react-flow__node")) {
        seen.add(`${node.dataset.id} ${node.style.transform}`);
      }
    }).observe(document, { subtree: true, childList: true, attributeFilter: ["style"] });
  });
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await expect(page.locator(".react-flow__node")).toHaveCount(3);
  await expect(page.getByText("Saved")).toBeVisible();
  const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
  expect(seen).toHaveLength(3);
  expect(new Set(seen.map((one) => one.slice(one.indexOf(" ")))).size).toBe(3);
});

test("the first node stays where it is dropped, also in a body", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "New", definition: line() });
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await expect(page.getByRole("button", { name: "Add an Input node" })).toBeVisible();
  expect(await astray(page, "Map")).toBeLessThan(32);
  await page.getByRole("button", { name: "Open body" }).first().click();
  await expect(page.locator(".react-flow__node")).toHaveCount(0);
  expect(await astray(page, "Wait")).toBeLessThan(32);
});

test("the bars of iterations stand below their node's", async ({ page, api }) => {
  const flow = await make(api, "/flows", { name: "Topics", definition: mapping });
  const execution = await make(api, `/flows/${flow.id}/execute`, {
    inputs: { topics: ["a", "b"] },
  });
  await page.goto(`/executions/view/?id=${execution.id}`);
  const timeline = page.getByRole("list", { name: "Nodes" }).first();
  await timeline.getByRole("button", { name: "Expand Each topic" }).click();
  await timeline.getByRole("button", { name: "Expand 2 of 2" }).click();
  const tracks = await timeline.locator("li > button > span[aria-hidden]").all();
  expect(tracks).toHaveLength(6);
  const lefts = await Promise.all(tracks.map(async (one) => (await one.boundingBox())!.x));
  expect(new Set(lefts).size).toBe(1);
});

test("an execution is paused, resumed, and forked with another output", async ({ page, api }) => {
  const wait = { id: "rest", type: "wait", label: "Rest", config: { seconds: 3600 } };
  const say = {
    id: "say",
    type: "transform",
    label: "Say",
    config: { values: { text: "Hello" } },
  };
  const definition = line(input([]), say, wait, output({ text: "{{ nodes.say.output.text }}" }));
  const flow = await make(api, "/flows", { name: "Slow", definition });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: {} });
  await page.goto(`/executions/view/?id=${execution.id}`);
  await expect(page.getByText("Waiting", { exact: true }).first()).toBeVisible();
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel execution" }).click();
  await expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible();

  const timeline = page.getByRole("list", { name: "Nodes" }).first();
  await timeline.getByRole("button", { name: /Rest/ }).click();
  await page.getByRole("button", { name: "Fork from here" }).click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByLabel("Output of Say");
  await text.fill('{"text": "Good night"}');
  await dialog.getByRole("button", { name: "Start fork" }).click();
  await expect(page.getByText("Forked from")).toBeVisible();
  await page
    .getByRole("list", { name: "Nodes" })
    .first()
    .getByRole("button", { name: /Say/ })
    .click();
  await expect(page.getByText("Good night").first()).toBeVisible();
  await page.getByRole("button", { name: "Cancel execution" }).click();
  await page.getByRole("button", { name: "Run again", exact: true }).click();
  await page.getByRole("menuitem", { name: "As it ran, from where it stopped" }).click();
  // The stream that had ended brings what happens now.
  await expect(page.getByRole("button", { name: "Cancel execution" })).toBeVisible();
  await expect(page.getByText("Waiting", { exact: true }).first()).toBeVisible();
});

test("a sub-flow is chosen, given its inputs, and looked into", async ({ page, api }) => {
  const greeting = line(
    input([{ name: "name", type: "string", label: "Whom" }]),
    output({ text: "Hello {{ inputs.name }}" }),
  );
  await make(api, "/flows", { name: "Greeting", definition: greeting });
  const call = { id: "call", type: "subflow", label: "Greet", config: { inputs: {} } };
  const definition = line(input([]), call, output({ said: "{{ nodes.call.output.text }}" }));
  const flow = await make(api, "/flows", { name: "Caller", definition });
  await editor(page, flow.id);
  await page.locator("[data-id=call].react-flow__node").click();
  const inspector = page.getByRole("complementary", { name: "Inspector" });
  await inspector.getByRole("combobox", { name: "Flow" }).click();
  await page.getByRole("option", { name: "Greeting" }).click();
  await inspector.getByLabel("Whom").fill("Ada");
  await expect(page.getByText("No problems")).toBeVisible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const timeline = page.getByRole("list", { name: "Nodes" });
  await timeline.getByRole("button", { name: "Expand Greet" }).click();
  await timeline.getByRole("button", { name: /^Completed 1 of 1/ }).click();
  await expect(
    page.getByRole("region", { name: "Node Greet, 1" }).getByText("Hello Ada").first(),
  ).toBeVisible();
});
