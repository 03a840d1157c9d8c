/** What admins set up: the audit log, the tenant, single sign-on with a real provider. */
import { spawn, type ChildProcess } from "node:child_process";
import { appendFile } from "node:fs/promises";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, make, test } from "./fixtures";

const PYTHON = path.resolve(import.meta.dirname, "../../.venv/bin/python");

/** A provider that signs everybody in at once; gives its address. */
async function startProvider(): Promise<{ process: ChildProcess; issuer: string }> {
  const child = spawn(PYTHON, ["-m", "watchbill.testing.oidc"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const issuer = await new Promise<string>((resolve) =>
    child.stdout.on("data", (text: Buffer) => {
      const found = /http:\S+/.exec(text.toString());
      if (found) resolve(found[0]);
    }),
  );
  return { process: child, issuer };
}

async function looksRight(page: Page) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  }
}

test("an admin finds in the audit log who did what", async ({ page, person, api }) => {
  await make(api, "/agents", { name: "Scout", role: "Researcher", goal: "Facts" });
  await make(api, "/agents", { name: "Cook", role: "Cook", goal: "Soup" });
  await page.goto("/settings/audit-log/");
  const list = page.getByRole("table", { name: "Audit log" });
  await expect(list.getByText("Created an agent")).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Search entries" }).fill("scout");
  await expect(list.getByText("Created an agent")).toHaveCount(1);
  await list.getByText("Created an agent").click();
  const entry = page.getByRole("region", { name: "Entry" });
  await expect(entry.getByText(person.email)).toBeVisible();
  await expect(entry.getByText("Agent created")).toBeVisible();
  await looksRight(page);
  await page.getByRole("button", { name: "Verify" }).click();
  await expect(page.getByText(/entries are unchanged/)).toBeVisible();
  await entry.getByRole("button", { name: "Close" }).click();
  await page.getByRole("searchbox", { name: "Search entries" }).fill("");
  await page.getByRole("button", { name: "Denied" }).click();
  await expect(page.getByText("No denied attempts")).toBeVisible();
});

test("an admin renames, exports and deletes a tenant", async ({ page, person }) => {
  await page.goto("/settings/tenant/");
  await page.getByLabel("Name").fill("Royal Navy");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("The name is saved")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export data" }).click();
  expect((await download).suggestedFilename()).toMatch(/^navy-.*\.zip$/);
  await looksRight(page);
  await page.getByRole("button", { name: "Delete tenant" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete “Royal Navy”?" });
  const remove = dialog.getByRole("button", { name: "Delete tenant" });
  await expect(remove).toBeDisabled();
  await dialog.getByRole("textbox").fill(person.tenant.toLowerCase().replace(" ", "-"));
  await looksRight(page);
  await remove.click();
  await expect(page.getByRole("heading", { name: "Sign in to Watchbill" })).toBeVisible();
});

test("an admin sets how long executions are kept", async ({ page, person }) => {
  await page.goto("/settings/tenant/");
  await expect(page.getByLabel("Name")).toHaveValue(person.tenant);
  const running = page.getByRole("textbox", { name: "Executions that run at a time" });
  const executions = page.getByRole("textbox", { name: "Keep executions for" });
  const save = page.getByRole("button", { name: "Save settings" });
  await expect(save).toBeDisabled();
  await running.fill("0");
  await expect(page.getByText("Enter a whole number from 1 to 1,000,000.")).toBeVisible();
  await expect(save).toBeDisabled();
  await looksRight(page);
  await running.fill("2");
  await executions.fill("90");
  await save.click();
  await expect(page.getByRole("dialog", { name: "Delete old executions and logs?" })).toBeVisible();
  await looksRight(page);
  await page.getByRole("button", { name: "Save and delete" }).click();
  await expect(page.getByText("The settings are saved")).toBeVisible();
  await page.reload();
  await expect(executions).toHaveValue("90");
  await expect(page.getByRole("textbox", { name: "Keep their logs for" })).toHaveValue("");
  await expect(save).toBeDisabled();
  await looksRight(page);
});

test("people of a company sign in with its account", async ({ page, person, browser }) => {
  const { process: provider, issuer } = await startProvider();
  try {
    const domain = `${person.email.split("@")[0]}.example.com`;
    await page.goto("/settings/sso/");
    await page.getByLabel("Issuer").fill("http://127.0.0.1:9");
    await page.getByLabel("Client id").fill("watchbill");
    await page.getByLabel("Client secret", { exact: true }).fill("a-secret-of-the-client");
    await page.getByLabel("Mail domains").fill(domain);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText(/does not answer/)).toBeVisible();
    await page.getByLabel("Issuer").fill(issuer);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("Single sign-on is saved")).toBeVisible();
    const proof = page.getByLabel(`TXT record of ${domain}`, { exact: true });
    await expect(page.getByText("Not verified yet")).toBeVisible();
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await expect(page.getByText(`No record yet at ${domain}`)).toBeVisible();
    await looksRight(page);
    await appendFile(process.env.DNS_FILE ?? "", `${domain} ${await proof.innerText()}\n`);
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await expect(page.getByText("Verified", { exact: true })).toBeVisible();
    await looksRight(page);

    const email = `new@${domain}`;
    const claims = { sub: "1", email, email_verified: true, name: "New Colleague" };
    await page.request.put(`${issuer}/_person`, { data: claims });
    const other = await (await browser.newContext()).newPage();
    await other.goto("/login/?problem=sso_expired");
    await expect(other.getByText(/took too long/)).toBeVisible();
    await other.getByLabel("E-mail").fill(email);
    const company = other.getByRole("link", { name: "Sign in with your company’s account" });
    await expect(company).toBeVisible();
    await looksRight(other);
    // The provider may not know the tests' address of Watchbill; it sends people where it is told.
    await company.click();
    await expect(other.getByRole("heading", { name: "Hello, New" })).toBeVisible();

    // Such a session works here only, and changes nothing that counts elsewhere.
    await other.getByRole("button", { name: `Tenant ${person.tenant}: switch` }).click();
    await expect(other.getByText("which works in this tenant only")).toBeVisible();
    await expect(other.getByRole("menuitem", { name: "New tenant" })).toHaveCount(0);
    await other.keyboard.press("Escape");
    await other.goto("/settings/");
    await expect(other.getByText("You signed in with your company’s account.")).toBeVisible();
    await expect(other.getByLabel("Current password")).toHaveCount(0);
    await looksRight(other);
  } finally {
    provider.kill();
  }
});
