/** An execution that failed is fixed in the editor and goes on; every execution can be run again. */
import { inspector, saved } from "./drawing";
import { expect, make, test } from "./fixtures";
import { input, line, output } from "./flows";

test("what failed goes on as the flow is now, and every execution is run again", async ({
  page,
  api,
}) => {
  const transform = (id: string, label: string, text: string) => ({
    id,
    type: "transform",
    label,
    config: { values: { text } },
  });
  const definition = line(
    input([{ name: "topic" }]),
    transform("before", "Before", "{{ inputs.topic + '!' }}"),
    transform("count", "Count", "{{ int(inputs.topic) }}"),
    output({ all: "{{ nodes.count.output.text }}" }),
  );
  const flow = await make(api, "/flows", { name: "Again", definition });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: { topic: "tides" } });

  await page.setViewportSize({ width: 1680, height: 1000 });
  await page.goto(`/flows/edit/?id=${flow.id}&execution=${execution.id}`);
  const drawer = page.getByRole("region", { name: /^Execution of/ });
  await expect(drawer.getByText("Failed").first()).toBeVisible();
  await page.locator(".react-flow__node").filter({ hasText: "Count" }).click();
  await inspector(page).getByLabel("Value of text").fill("{{ size(inputs.topic) }}");
  // It is saved before it is run.
  await drawer.getByRole("button", { name: "Run again", exact: true }).click();
  const asEdited = page.getByRole("menuitem", { name: "As edited now" });
  await expect(page.getByRole("menuitem", { name: /^As it ran/ })).toHaveCount(2);
  await asEdited.first().click();
  await expect(drawer.getByText("Completed").first()).toBeVisible();
  await expect(drawer.getByText(/Forked from/)).toBeVisible();
  await drawer.getByRole("tab", { name: "Output" }).click();
  await expect(drawer.getByText("5", { exact: true }).first()).toBeVisible();
  await saved(page);

  // An execution that completed, too.
  const first = page.url();
  await drawer.getByRole("button", { name: "Run again", exact: true }).click();
  await asEdited.click();
  await expect.poll(() => page.url()).not.toBe(first);
  await expect(drawer.getByText("Completed").first()).toBeVisible();
  await drawer.getByRole("link", { name: "Open" }).click();
  await page.waitForURL(/\/executions\/view\//);
  await page.getByRole("button", { name: "Run again", exact: true }).click();
  await page.getByRole("menuitem", { name: /^As it ran/ }).click();
  await expect(page.getByText(/Forked from/)).toBeVisible();
  await expect(page.getByText("Completed").first()).toBeVisible();
});
