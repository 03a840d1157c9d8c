/** The canvas: what an execution and the problems of a flow show from afar, where the keyboard goes on, and whose room it is. */
import { expect, make, test } from "./fixtures";
import { input, line, output } from "./flows";
import type { APIRequestContext, Page } from "@playwright/test";

const condition = {
  id: "check",
  type: "condition",
  label: "Check",
  config: { cases: [{ handle: "approved", when: "inputs.amount > 10" }], else: "refused" },
};
const transform = (id: string, value: string, on_error = "continue") => ({
  id,
  type: "transform",
  label: id,
  on_error,
  config: { values: { value } },
});

/** in -> check -> approved: breaks -> out; refused: other. It has a map, being of ten nodes. */
function branching() {
  const nodes = [
    input([{ name: "amount", type: "integer" }]),
    condition,
    transform("breaks", "{{ 1 / 0 }}"),
    transform("other", "x"),
    ...Array.from({ length: 6 }, (_, index) => transform(`node_${index}`, "x")),
    output({ done: "first line\nsecond line" }),
  ];
  const flow = line(...nodes.filter(({ id }) => id !== "other"));
  return {
    ...flow,
    nodes,
    edges: [
      ...flow.edges.map((edge) =>
        edge.source === "check" ? { ...edge, source_handle: "approved" } : edge,
      ),
      { id: "no", source: "check", source_handle: "refused", target: "other" },
    ],
    layout: { ...flow.layout, other: { x: 640, y: 200 } },
  };
}

async function opened(page: Page, api: APIRequestContext, definition: object) {
  const flow = await make(api, "/flows", { name: "Branching", definition });
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await expect(node(page, "check")).toBeVisible();
  return flow;
}

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const zoomOut = (page: Page) => page.getByRole("button", { name: "Zoom out" });

async function zoomTo(page: Page, most: number) {
  const shown = page.getByTitle("Back to 100 %");
  await expect(async () => {
    await zoomOut(page).click();
    expect(Number.parseInt((await shown.textContent()) ?? "", 10)).toBeLessThanOrEqual(most);
  }).toPass();
}

test("an execution, its failure, its branches and the problems show at every zoom", async ({
  page,
  api,
}) => {
  const flow = await opened(page, api, branching());
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByLabel("amount").fill("20");
  await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("region", { name: /^Execution of/ })).toBeVisible();
  await expect(node(page, "out").locator("[data-status=completed]")).toBeVisible();

  for (const [most, canvas] of [
    [40, "name"],
    [12, "block"],
  ] as const) {
    await zoomTo(page, most);
    await expect(page.locator(".wb-canvas")).toHaveAttribute("data-detail", canvas);
    await expect(node(page, "check").getByTitle("Completed")).toBeVisible();
    await expect(node(page, "breaks").getByTitle("Failed")).toBeVisible();
    await expect(node(page, "other").getByTitle("Skipped")).toBeVisible();
    await expect(page.locator(".wb-canvas").getByText("approved").last()).toBeVisible();
    await expect(page.locator(".wb-canvas").getByText("refused").last()).toBeVisible();
  }
  await expect(page.locator(".react-flow__minimap [data-status=failed]")).toHaveCount(1);

  await page.goto(`/flows/edit/?id=${flow.id}`);
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Condition" }).click();
  await expect(page.getByRole("complementary", { name: "Inspector" })).toBeVisible();
  await page.getByRole("button", { name: "Close the inspector" }).click();
  await zoomTo(page, 12);
  await expect(page.getByTitle("Has problems").first()).toBeVisible();
});

/** Where the keyboard is: the id of a node, the name of a control, or what is left of it. */
function focused(page: Page) {
  return page.evaluate(() => {
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body) return "nowhere";
    return activeElement.getAttribute("data-id") ?? activeElement.getAttribute("aria-label") ?? "";
  });
}

test("the keyboard keeps its place through adding, connecting, renaming and closing", async ({
  page,
  api,
}) => {
  await opened(page, api, branching());
  await node(page, "check").focus();
  await page.keyboard.press("n");
  await page.getByPlaceholder("Add a node").fill("transform");
  await page.keyboard.press("Enter");
  await expect(node(page, "transform")).toBeVisible();
  await expect.poll(() => focused(page)).toBe("transform");

  await page.keyboard.press("Enter");
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await expect(name).toBeFocused();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Shout");
  await page.keyboard.press("Tab");
  await expect(node(page, "shout")).toBeVisible();
  await expect.poll(() => focused(page)).not.toBe("nowhere");
  await expect(
    page.getByRole("complementary", { name: "Inspector" }).locator(":focus"),
  ).toHaveCount(1);

  const connect = page.getByRole("combobox", { name: "Connect to" });
  await connect.focus();
  await page.keyboard.press("Enter");
  await page.getByPlaceholder("Search", { exact: true }).fill("output");
  await page.keyboard.press("Enter");
  const cut = page.getByRole("button", { name: "Disconnect Output" });
  await expect(cut).toBeVisible();
  await expect(connect).toBeFocused();
  await cut.focus();
  await page.keyboard.press("Enter");
  await expect(cut).toBeHidden();
  await expect(connect).toBeFocused();

  await page.getByRole("button", { name: "Close the inspector" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).not.toBe("nowhere");
  await node(page, "shout").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Remove", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(node(page, "shout")).toBeHidden();
  await expect.poll(() => focused(page)).toBe("Flow canvas");
});

test("the canvas gets the room: rail, node types and the inspector's width", async ({
  page,
  api,
}) => {
  await opened(page, api, branching());
  const rail = page.getByRole("navigation", { name: "Main" });
  expect((await rail.boundingBox())?.width).toBeLessThan(60);
  await page.getByRole("button", { name: "Hide the node types" }).click();
  await expect(page.getByRole("searchbox", { name: "Search node types" })).toBeHidden();

  await node(page, "check").click();
  const inspector = page.getByRole("complementary", { name: "Inspector" });
  const before = (await inspector.boundingBox())?.width ?? 0;
  await page.getByRole("separator", { name: "Resize" }).focus();
  for (let press = 0; press < 5; press += 1) await page.keyboard.press("ArrowLeft");
  await expect.poll(async () => (await inspector.boundingBox())?.width).toBe(before + 80);

  await page.reload();
  await expect(node(page, "check")).toBeVisible();
  await expect(page.getByRole("searchbox", { name: "Search node types" })).toBeHidden();
  await node(page, "check").click();
  await expect.poll(async () => (await inspector.boundingBox())?.width).toBe(before + 80);
});

test("an execution beside the inspector keeps its bars, and the times above them stand apart", async ({
  page,
  api,
}) => {
  const flow = await opened(page, api, branching());
  const execution = await make<{ id: string }>(api, `/flows/${flow.id}/execute`, {
    inputs: { amount: 20 },
  });
  await page.goto(`/flows/edit/?id=${flow.id}&execution=${execution.id}`);
  await node(page, "check").click();
  const timeline = page.getByRole("list", { name: "Nodes" });
  for (const width of [1100, 1280, 1680]) {
    await page.setViewportSize({ width, height: 800 });
    const bars = timeline.locator("li").first().locator("span[aria-hidden].bg-sunken");
    await expect.poll(async () => (await bars.boundingBox())?.width ?? 0).toBeGreaterThan(60);
    const box = await bars.boundingBox();
    const inspector = await page.getByRole("complementary", { name: "Inspector" }).boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThan(inspector?.x ?? 0);
    const ticks = await page
      .locator("[data-tick]")
      .evaluateAll((all) =>
        all.map((one) => one.getBoundingClientRect()).map(({ left, right }) => ({ left, right })),
      );
    ticks.slice(1).forEach(({ left }, index) => expect(left).toBeGreaterThan(ticks[index]!.right));
  }
  await page.getByRole("tab", { name: "Output" }).click();
  const text = page.getByText("first line");
  expect(await text.innerText()).toBe("first line\nsecond line");
});
