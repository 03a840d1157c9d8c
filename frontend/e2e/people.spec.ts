/** People and keys: inviting, joining, roles, sessions, passwords, and a program that runs a flow. */
import type { Browser, Page } from "@playwright/test";
import { expect, make, makeExample, PASSWORD, test, type Person } from "./fixtures";
import { mailedLink } from "./mails";
import { operate } from "./operator";

async function signIn(page: Page, email: string, password = PASSWORD) {
  await page.goto("/login/");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Breadcrumb" })).toBeVisible();
}

/** Invites somebody as that person, and accepts in a browser of their own. */
async function inviteAndJoin(page: Page, browser: Browser, email: string): Promise<Page> {
  await page.goto("/settings/members/");
  await page.getByRole("button", { name: "Invite" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("Role").click();
  await page.getByRole("option", { name: /Viewer/ }).click();
  await dialog.getByRole("button", { name: "Send invitation" }).click();
  const link = page.getByRole("dialog", { name: `${email} is invited` });
  await expect(link.getByLabel("Invitation link", { exact: true })).toHaveText(
    await mailedLink(email),
  );
  await link.getByRole("button", { name: "Done" }).click();

  const other = await (await browser.newContext()).newPage();
  await other.goto(await mailedLink(email));
  await expect(other.getByLabel("E-mail")).toHaveValue(email);
  await other.getByLabel("Your name").fill("Vera Viewer");
  await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.getByRole("button", { name: "Accept invitation" }).click();
  await expect(other.getByRole("heading", { name: "Hello, Vera" })).toBeVisible();
  return other;
}

const emailFor = (person: Person) => `vera-${person.email}`;

test("an invited viewer looks at a flow and cannot run it", async ({
  page,
  browser,
  person,
  api,
}) => {
  const flow = await makeExample(api, "research-brief");
  const email = emailFor(person);
  const viewer = await inviteAndJoin(page, browser, email);

  await viewer.goto(`/flows/edit/?id=${flow.id}`);
  await expect(viewer.locator(".react-flow__node").first()).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Run", exact: true })).toHaveCount(0);
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeVisible();
  await viewer.goto("/settings/members/");
  await expect(viewer.getByRole("button", { name: "Invite" })).toHaveCount(0);
  await expect(viewer.getByRole("link", { name: "API keys" })).toHaveCount(0);

  // A member from the next page on.
  await page.goto("/settings/members/");
  await page.getByLabel("Role of Vera Viewer").click();
  await page.getByRole("option", { name: /Member/ }).click();
  await expect(page.getByText("Vera Viewer is a member from now on")).toBeVisible();
  await viewer.goto(`/flows/edit/?id=${flow.id}`);
  await expect(viewer.getByRole("button", { name: "Run", exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Actions for Vera Viewer" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("Vera Viewer", { exact: true })).toHaveCount(0);
  await viewer.goto("/");
  await viewer.waitForURL("/login/");
  await viewer.context().close();
});

test("who left the last tenant makes one of their own", async ({ page, browser, person }) => {
  const email = emailFor(person);
  const vera = await inviteAndJoin(page, browser, email);
  await vera.goto("/settings/");
  await vera.getByRole("button", { name: "Leave this tenant" }).click();
  await vera.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
  await vera.waitForURL("/login/");

  await vera.getByLabel("E-mail").fill(email);
  await vera.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await vera.getByRole("button", { name: "Sign in" }).click();
  await expect(vera.getByRole("heading", { name: "You are not in a tenant" })).toBeVisible();
  await vera.getByRole("button", { name: "Sign in with another account" }).click();
  await vera.getByLabel("E-mail").fill(email);
  await vera.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await vera.getByRole("button", { name: "Sign in" }).click();
  await vera.getByRole("button", { name: "Create tenant" }).click();
  await expect(vera.getByText("Name your team or company.")).toBeVisible();
  await vera.getByLabel("Tenant").fill("Vera’s own");
  await vera.getByRole("button", { name: "Create tenant" }).click();
  await expect(vera.getByRole("heading", { name: "Hello, Vera" })).toBeVisible();
  await expect(vera.getByRole("button", { name: "Tenant Vera’s own: switch" })).toBeVisible();
  await vera.context().close();
});

test("a key runs a flow, and nothing once it is revoked", async ({
  page,
  api,
  playwright,
  baseURL,
}) => {
  const flow = await makeExample(api, "research-brief");
  const other = await makeExample(api, "support-triage");
  expect((await api.post("/api/v1/llm-providers/demo")).ok()).toBe(true);
  await page.goto("/settings/api-keys/");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Nightly job");
  await page.getByRole("checkbox", { name: flow.name }).click();
  await expect(page.getByRole("checkbox", { name: "See agents and crews" })).toBeDisabled();
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog", { name: "“Nightly job” is ready" });
  const key = (await dialog.getByLabel("API key", { exact: true }).textContent()) ?? "";
  expect(key).toMatch(/^wb_/);
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: /Nightly job.*Never/ })).toBeVisible();

  const program = await playwright.request.newContext({
    baseURL,
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  });
  const started = await program.post(`/api/v1/flows/${flow.id}/execute`, {
    data: { inputs: { topic: "tides" } },
  });
  expect(started.status(), await started.text()).toBe(202);
  const { id } = (await started.json()) as { id: string };
  await expect
    .poll(
      async () => {
        const answer = await program.get(`/api/v1/executions/${id}`);
        return ((await answer.json()) as { status: string }).status;
      },
      { timeout: 60_000 },
    )
    .toBe("completed");
  const listed = (await (await program.get("/api/v1/flows")).json()) as { items: { id: string }[] };
  expect(listed.items.map((one) => one.id)).toEqual([flow.id]);
  // To such a key, other flows do not exist.
  expect((await program.get(`/api/v1/flows/${other.id}`)).ok()).toBe(false);
  expect((await program.get("/api/v1/agents")).status()).toBe(403);

  await page.getByRole("button", { name: "Actions for Nightly job" }).click();
  await page.getByRole("menuitem", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("No API keys yet")).toBeVisible();
  expect((await program.get(`/api/v1/executions/${id}`)).status()).toBe(401);
  await program.dispose();
});

test("somebody changes the password and ends other sessions", async ({ page, browser, person }) => {
  const other = await (await browser.newContext()).newPage();
  await signIn(other, person.email);
  await page.goto("/settings/sessions/");
  const list = page.getByRole("list", { name: "Sessions" });
  await expect(list.getByRole("listitem")).toHaveCount(2);
  await expect(list.getByText("This device")).toHaveCount(1);
  await list.getByRole("button", { name: "End the session on Chrome on Linux" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await other.goto("/flows/");
  await other.waitForURL("/login/?next=%2Fflows%2F");

  await page.goto("/settings/");
  await page.getByLabel("Current password").fill("not my password");
  await page.getByLabel("New password").fill("a better password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("This is not your password.")).toBeVisible();
  await page.getByLabel("Current password").fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Password changed")).toBeVisible();
  await signIn(other, person.email, "a better password");
  await other.context().close();
});

test("somebody who forgot the password sets a new one by mail", async ({ page, person }) => {
  await page.context().clearCookies();
  await page.goto("/login/");
  await page.getByRole("link", { name: "I forgot my password" }).click();
  // Both pages have such a field, and the one before stays until this one is there.
  await expect(page.getByRole("heading", { name: "Set a new password" })).toBeVisible();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await expect(page.getByRole("heading", { name: "Check your mail" })).toBeVisible();
  const link = await mailedLink(person.email);
  await page.goto(link);
  await page.getByLabel("New password").fill("another password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.waitForURL("/login/");
  await signIn(page, person.email, "another password");
  await page.goto(link);
  await page.getByLabel("New password").fill("yet another one");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "used before" })).toBeVisible();
});

test("somebody with an account joins another tenant by one click", async ({
  page,
  browser,
  person,
}) => {
  const host = await (await browser.newContext()).newPage();
  const form = { email: `host-${person.email}`, password: PASSWORD, tenant_name: "Hosts" };
  await host.request.post("/api/v1/auth/register", { data: form });
  const headers = { origin: new URL(process.env.WATCHBILL_URL ?? "").origin };
  const data = { email: person.email, role: "member" };
  await host.request.post("/api/v1/invitations", { data, headers });
  await host.context().close();

  await page.goto(await mailedLink(person.email));
  await page.getByRole("button", { name: "Accept invitation" }).click();
  await expect(page.getByRole("button", { name: "Tenant Hosts: switch" })).toBeVisible();
});

test("somebody makes a second tenant and switches back", async ({ page, person }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Hello, Grace" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("members");
  await page.getByRole("option", { name: "Members" }).click();
  await page.waitForURL("/settings/members/");
  await page.getByRole("button", { name: `Tenant ${person.tenant}: switch` }).click();
  await page.getByRole("menuitem", { name: "New tenant" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Second");
  await page.getByRole("button", { name: "Create tenant" }).click();
  await page.getByRole("button", { name: "Tenant Second: switch" }).click();
  await page.getByRole("menuitemradio", { name: person.tenant }).click();
  await expect(page.getByRole("button", { name: `Tenant ${person.tenant}: switch` })).toBeVisible();
});

test("a session is renewed without the person noticing", async ({ page, person }) => {
  await page.context().clearCookies();
  await signIn(page, person.email);
  await page.context().clearCookies({ name: "watchbill_session" });
  await page.goto("/settings/");
  await expect(page.getByRole("heading", { name: "Profile" })).toBeVisible();
});

test("whose tenant is suspended goes on in another, or signs out", async ({
  page,
  person,
  api,
}) => {
  const { tenant } = (await (await api.get("/api/v1/auth/me")).json()) as {
    tenant: { slug: string };
  };
  await operate("tenants", "suspend", tenant.slug);
  await page.goto("/flows/");
  await expect(page.getByRole("heading", { name: "This tenant is suspended" })).toBeVisible();
  await page.getByRole("button", { name: "Open another tenant" }).click();
  await expect(page.getByText("You are not in another active tenant.")).toBeVisible();
  await operate("tenants", "activate", tenant.slug);
  await make(api, "/auth/tenants", { name: "Second" });
  await operate("tenants", "suspend", tenant.slug);
  await page.getByRole("button", { name: "Open another tenant" }).click();
  await expect(page.getByRole("button", { name: "Tenant Second: switch" })).toBeVisible();

  await page.goto("/login/");
  await signIn(page, person.email);
  await expect(page.getByRole("button", { name: "Tenant Second: switch" })).toBeVisible();
});
