/** However the address after signing in is spelled, nobody is led off the site. */
import elsewhere from "./elsewhere.json" with { type: "json" };
import { expect, test } from "./fixtures";

test("signing in leads to no other site, whatever the address says", async ({ page, person }) => {
  // Some forty sign-ins, one after the other.
  test.setTimeout(600_000);
  const left: string[] = [];
  await page.context().route(
    (url) => url.host.includes("evil"),
    (route) => {
      left.push(route.request().url());
      return route.abort();
    },
  );
  page.on("dialog", (dialog) => {
    left.push(dialog.message());
    void dialog.dismiss();
  });
  for (const next of [...elsewhere, `/${"a".repeat(5000)}//evil.test`]) {
    // The server refuses a NUL before any page is there.
    if (next.includes("\0")) continue;
    await page.goto(`/login/?next=${encodeURIComponent(next)}`);
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password", { exact: true }).fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname === "/");
    await expect(page.getByRole("heading", { name: "Hello, Grace" })).toBeVisible();
  }
  expect(left).toEqual([]);
});
