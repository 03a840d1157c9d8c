/** On a phone the lists fit, and where the rail has no room for names nothing of it lies over the page. */
import { expect, test } from "./fixtures";
import { asking } from "./flows";

const LISTS = [
  "/flows/",
  "/executions/",
  "/agents/",
  "/tools/",
  "/settings/members/",
  "/settings/api-keys/",
  "/settings/audit-log/",
];

test("lists fit a phone, and the rail keeps to itself at every width", async ({ page, api }) => {
  const made = await api.post("/api/v1/flows", {
    data: { name: "Payment", description: "Asks somebody. ".repeat(20), definition: asking },
  });
  const { id } = (await made.json()) as { id: string };
  await api.post(`/api/v1/flows/${id}/execute`, { data: { inputs: { amount: 120 } } });
  const agent = { name: "Scout", role: "Scout", goal: "Find", backstory: "Curious." };
  await api.post("/api/v1/agents", { data: agent });
  const tool = { name: "Sums", description: "Adds up. ".repeat(40), kind: "builtin" };
  await api.post("/api/v1/tools", { data: { ...tool, config: { builtin: "calculator" } } });
  await api.post("/api/v1/api-keys", { data: { name: "CI", scopes: ["flows:execute"] } });

  for (const width of [1440, 900, 390]) {
    await page.setViewportSize({ width, height: 844 });
    for (const place of LISTS) {
      await page.goto(place);
      const table = page.getByRole("table").first();
      await expect(table.getByRole("row").nth(1)).toBeVisible();
      const rail = page.getByRole("navigation", { name: "Main" });
      await expect(rail.getByText("1", { exact: true })).toBeVisible();
      const [edge, end] = await rail.evaluate((nav) => {
        const badge = [...nav.querySelectorAll("span")].find((span) => span.textContent === "1");
        return [nav.getBoundingClientRect().right, badge?.getBoundingClientRect().right ?? 0];
      });
      expect(end, `the count in the rail, ${place} at ${width}`).toBeLessThanOrEqual(edge);
      const room = await table.evaluate((one) => {
        for (let box = one.parentElement; box; box = box.parentElement) {
          if (box.scrollWidth > box.clientWidth) return false;
        }
        return true;
      });
      expect(room, `${place} at ${width}`).toBe(true);
    }
  }
});
