/** Signing up, out and in again; and what is said when something is wrong. */
import { expect, PASSWORD, test } from "./fixtures";
import { mailedLink } from "./mails";

test("somebody signs up, out and in again", async ({ page }) => {
  const email = `ada-${Date.now()}-${test.info().workerIndex}@example.org`;
  await page.goto("/");
  await page.waitForURL("/login/");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Tenant").fill("Analytical Engines");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Hello, Ada" })).toBeVisible();

  await page.getByRole("button", { name: "Ada Lovelace, Analytical Engines: menu" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL("/login/");
  await page.goto("/settings/");
  await page.waitForURL("/login/?next=%2Fsettings%2F");

  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("/settings/");
  await expect(page.getByText(email)).toBeVisible();
  await expect(page.getByText("Admin: can do everything in this tenant")).toBeVisible();
});

for (const [path, label, verb] of [
  ["/forgot-password/", "E-mail", "Mail me a link"],
  ["/reset-password/#token=none", "New password", "Set password"],
] as const) {
  test(`what is typed on ${path} before its code runs stays`, async ({ page }) => {
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    await page.route("**/*.js", async (route) => {
      await arrived;
      await route.continue();
    });
    await page.goto(path, { waitUntil: "commit" });
    const field = page.getByLabel(label, { exact: true });
    await field.fill("grace.hopper@example.org");
    await field.press("Enter");
    arrive();
    await page.waitForLoadState("networkidle");
    await expect(field).toHaveValue("grace.hopper@example.org");
    const sent = page.waitForRequest((request) => request.method() === "POST");
    await page.getByRole("button", { name: verb }).click();
    expect((await sent).url()).toContain(`/api/v1/auth${path.split("#")[0]?.slice(0, -1)}`);
    expect((await sent).postData()).toContain("grace.hopper@example.org");
  });
}

test("an address may have letters of any script", async ({ page }) => {
  const email = `jürgen-${Date.now()}-${test.info().workerIndex}@example.org`;
  await page.goto("/register/");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Tenant").fill("Größe");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: /^Hello/ })).toBeVisible();
  await page.context().clearCookies();
  await page.goto("/login/");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: /^Hello/ })).toBeVisible();
});

test("where addresses must be proved, a newcomer registers by a mailed link", async ({ page }) => {
  // The Watchbill of the tests asks for no proof; but for this one answer, all is its own.
  await page.route("**/api/v1/auth/register", async (route) => {
    if (route.request().method() === "GET") await route.fulfill({ json: { link_needed: true } });
    else await route.continue();
  });
  const email = `joan-${Date.now()}-${test.info().workerIndex}@example.org`;
  await page.goto("/register/");
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await expect(page.getByText(`We mailed a link to ${email}.`)).toBeVisible();
  await page.goto(await mailedLink(email));
  await expect(page.getByLabel("E-mail")).toHaveValue(email);
  await expect(page.getByLabel("E-mail")).not.toBeEditable();
  await page.getByLabel("Your name").fill("Joan Clarke");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Tenant").fill("Hut 8");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Hello, Joan" })).toBeVisible();

  await page.goto("/register/#token=none&email=joan@example.org");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Tenant").fill("Hut 8");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(
    page.getByRole("alert").filter({ hasText: /This link (is too old|has expired)/ }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Ask for a new link" }).click();
  await expect(page.getByRole("button", { name: "Mail me a link" })).toBeVisible();
});

test("a wrong password is refused in words, and the form stays", async ({ page, person }) => {
  await page.context().clearCookies();
  await page.goto("/login/");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill("not my password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /\S/ })).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  await expect(page).toHaveURL("/login/");
});

test("each wrong field says what is wrong with it", async ({ page, person }) => {
  await page.context().clearCookies();
  await page.goto("/register/");
  await page.getByLabel("E-mail").fill("nobody");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("Enter an e-mail address")).toBeVisible();
  await expect(page.getByText("Use at least 10 characters.")).toBeVisible();
  await expect(page.getByText("Name your team or company.")).toBeVisible();

  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Tenant").fill("Another");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /account/i })).toBeVisible();
  await expect(page).toHaveURL("/register/");
});
