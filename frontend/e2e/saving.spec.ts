/** Nothing that is drawn is lost: not by a lost connection, a closed page, or a server that wants to be left alone. */
import type { APIRequestContext, Page } from "@playwright/test";
import { inspector, saved } from "./drawing";
import { expect, make, test } from "./fixtures";
import { input, line, output } from "./flows";

const shout = {
  id: "shout",
  type: "transform",
  label: "Shout",
  config: { values: { text: "begin" } },
};

async function open(page: Page, api: APIRequestContext) {
  const nodes = [input([{ name: "topic" }]), shout, output({ all: "{{ nodes.shout.output }}" })];
  const flow = await make(api, "/flows", { name: "Kept", definition: line(...nodes) });
  await page.goto(`/flows/edit/?id=${flow.id}`);
  await page.locator(".react-flow__node").filter({ hasText: "Shout" }).click();
  return flow.id;
}

const field = (page: Page) => inspector(page).getByLabel("Value of text");

const unsaved = (page: Page) => page.getByRole("button", { name: /^Not saved/ });

async function stored(api: APIRequestContext, id: string): Promise<string> {
  const answer = await api.get(`/api/v1/flows/${id}`);
  const { definition } = (await answer.json()) as {
    definition: { nodes: { id: string; config: { values: { text: string } } }[] };
  };
  return definition.nodes.find((node) => node.id === "shout")?.config.values.text ?? "";
}

/** Every request of the page that changes or asks about a flow, by method. */
function flowRequests(page: Page): string[] {
  const sent: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/v1/flows/") && request.method() !== "GET") {
      sent.push(`${request.method()} ${pathname.replace(/[0-9a-f-]{36}/, "ID")}`);
    }
  });
  return sent;
}

test("what is typed without a connection is saved once it is back, without a hand", async ({
  page,
  api,
  context,
}) => {
  const id = await open(page, api);
  await context.setOffline(true);
  await field(page).fill("first");
  await expect(unsaved(page)).toBeVisible();
  // Nothing lies over the way out.
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await expect(unsaved(page)).toBeVisible();
  await field(page).fill("second");
  await context.setOffline(false);
  await saved(page);
  expect(await stored(api, id)).toBe("second");
  await field(page).fill("third");
  await expect.poll(() => stored(api, id)).toBe("third");
});

test("each save is one request, which also tells the problems", async ({ page, api }) => {
  await open(page, api);
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();
  const sent = flowRequests(page);
  await field(page).fill("{{ nodes.nobody.output }}");
  await expect(page.getByRole("button", { name: "Problems (1)" })).toBeVisible();
  await field(page).fill("fine");
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();
  await saved(page);
  expect(new Set(sent)).toEqual(new Set(["PATCH /api/v1/flows/ID"]));
});

test("a server that wants to be left alone is left alone", async ({ page, api }) => {
  const id = await open(page, api);
  const asked: number[] = [];
  const wait = 5;
  await page.route(`**/api/v1/flows/${id}`, async (route) => {
    if (route.request().method() !== "PATCH") return route.fallback();
    asked.push(Date.now());
    if (asked.length > 1) return route.fallback();
    await route.fulfill({
      status: 429,
      headers: { "retry-after": String(wait) },
      contentType: "application/problem+json",
      body: JSON.stringify({ title: "Too many requests", code: "too_many_requests", status: 429 }),
    });
  });
  await field(page).fill("a");
  await expect(unsaved(page)).toBeVisible();
  await field(page).fill("ab");
  await saved(page);
  expect(asked).toHaveLength(2);
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(wait * 1000);
  expect(await stored(api, id)).toBe("ab");
});

test("what was typed last is saved when the page is closed", async ({ page, api }) => {
  const id = await open(page, api);
  await expect(page.getByRole("button", { name: "No problems" })).toBeVisible();
  await field(page).fill("the last word");
  // At once, without a question: as when a phone ends it, or the window is closed.
  await page.close({ runBeforeUnload: false });
  await expect.poll(() => stored(api, id)).toBe("the last word");
});
