/** Drawing a flow with the mouse, as a person does. */
import type { Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";

/** Drags a node type from the palette to a place on the canvas, given from its upper left corner. */
export async function drop(page: Page, type: string, x: number, y: number) {
  const canvas = page.locator(".wb-canvas");
  const entry = page
    .getByRole("region", { name: "Node types" })
    .getByRole("button", { name: type });
  await entry.dragTo(canvas, { targetPosition: { x, y } });
}

/** Where something stands once it moves no more: the canvas glides when it shows the whole flow. */
export async function atRest(locator: Locator) {
  let last = await locator.boundingBox();
  await expect(async () => {
    const now = await locator.boundingBox();
    const still = now !== null && now.x === last?.x && now.y === last.y;
    last = now;
    expect(still).toBe(true);
  }).toPass({ intervals: [100], timeout: 60_000 });
  if (!last) throw new Error("A port is not to be seen.");
  return last;
}

/** Draws an edge with the mouse. */
export async function connect(page: Page, from: Locator, to: Locator) {
  const edges = page.locator(".react-flow__edge");
  const before = await edges.count();
  await atRest(from);
  const end = await atRest(to);
  // What moves moves together: when one is at rest, so is the other, and where it is now.
  const start = await atRest(from);
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(end.x + end.width / 2 - 20, end.y + end.height / 2, { steps: 8 });
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 4 });
  // A busy page takes the moves when it can; a person lets go when the line has arrived.
  await expect(page.locator(".react-flow__connection.valid")).toBeAttached();
  await page.mouse.up();
  await expect(edges).toHaveCount(before + 1);
}

export const port = (page: Page, label: string) =>
  page.getByRole("img", { name: label, exact: true });
export const inspector = (page: Page) => page.getByRole("complementary", { name: "Inspector" });

/** Waits until the server has everything. */
export async function saved(page: Page) {
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
}
