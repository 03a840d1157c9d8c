/**
 * Measures the pages in Chromium: `node editor.mjs '{"url": ..., "ui": ...}'` writes [{name, value, unit}] to standard
 * output. `ui` is a folder with another build of the pages, for comparisons in turns.
 */
import { chromium } from "@playwright/test";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { readFileSync, existsSync } from "node:fs";
import path from "node:path";
import { tenThousandEvents, thousand } from "./flows.mjs";
import { circle, frames, pan, painted, pause, place, type } from "./page.mjs";
import { scripts } from "./scripts.mjs";

const ANSWER_MS = 75;
const KEYS = "twenty keys are typed".slice(0, 20);

const { url, ui, only } = JSON.parse(process.argv[2] ?? "{}");
const found = [];
const say = (name, value, unit) => {
  found.push({ name, value, unit });
  process.stderr.write(`${name}: ${value.toFixed(1)} ${unit}\n`);
};

const slow = createServer((_, answer) => setTimeout(() => answer.end("{}"), ANSWER_MS));
await new Promise((ready) => slow.listen(0, "127.0.0.1", () => ready(null)));
const slowUrl = `http://127.0.0.1:${slow.address().port}/`;

const browser = await chromium.launch({
  executablePath: process.env.WATCHBILL_CHROMIUM ?? "/usr/bin/chromium",
  args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-background-networking"],
});
try {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
  });
  if (ui) await context.route((address) => !address.pathname.startsWith("/api/"), fromFolder(ui));
  const { token } = await signUp(context);
  const api = apiOf(context, token);
  const page = await context.newPage();
  const parts = { scripts: measureScripts, editor: measureEditor, run: measureRun };
  for (const [name, measure] of Object.entries(parts)) {
    if (!only || only === name) await measure({ context, page, api });
  }
} finally {
  await browser.close();
  slow.close();
}
process.stdout.write(JSON.stringify(found));

async function measureEditor({ page, api }) {
  const flow = await api("POST", "/flows", { name: "Thousand", definition: thousand(slowUrl) });
  const address = `/flows/edit/?id=${flow.id}`;
  const nodes = page.locator(".react-flow__node");
  // Once to have everything compiled and cached, as for anybody who opens a second flow.
  await page.goto(address);
  await nodes.first().waitFor();
  await page.goto(address, { waitUntil: "commit" });
  say("1,000 nodes: until the first is shown", await shownAfter(page), "ms");
  const canvas = page.locator(".wb-canvas");
  await pause(1500);

  const middle = await place(canvas);
  const fitted = (name, work) => measured(page, `1,000 nodes, fitted: ${name}`, work);
  await fitted("panning", () => pan(page, middle));
  await fitted("dragging", async () => circle(page, await place(await inside(page)), 60));

  await page.keyboard.press("Escape");
  await page.getByTitle("Back to 100 %").click();
  await pause(600);
  const near = (name, work) => measured(page, `1,000 nodes, near: ${name}`, work);
  await near("panning", () => pan(page, middle));
  await near("dragging", async () => circle(page, await place(await inside(page), 0.5, 0.2), 120));
  await pause(500);

  const chosen = await inside(page);
  await chosen.click({ position: { x: 60, y: 20 } });
  const field = page.getByRole("textbox", { name: "Name", exact: true });
  await field.click();
  await painted(page);
  await pause(1000);
  let ms = 0;
  const typed = await frames(page, async () => {
    ms = await type(page, KEYS);
  });
  say("1,000 nodes: 20 keys in the inspector", ms, "ms");
  say("1,000 nodes: long tasks while typing", typed.longTasks, "tasks");
  await pause(1000);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Run" }).click();
  await page.getByRole("region", { name: /^Run of/ }).waitFor();
  // The lines that only compute are over.
  await pause(3000);
  await near("a run's status updates", () => pause(2500));
  await page.keyboard.press("f");
  await pause(1000);
  await fitted("a run's status updates", () => pause(2500));
}

async function measured(page, name, work) {
  const { fps, longest, longTasks } = await frames(page, work);
  say(name, fps, "fps");
  say(`${name}, longest frame`, longest, "ms");
  say(`${name}, long tasks`, longTasks, "tasks");
}

/** A node well inside the canvas. */
async function inside(page) {
  const at = await place(page.locator(".wb-canvas"));
  const id = await page.evaluate(({ x, y }) => {
    const far = (node) => {
      const box = node.getBoundingClientRect();
      return Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
    };
    const all = [...document.querySelectorAll(".react-flow__node")];
    return all.sort((one, other) => far(one) - far(other))[0]?.getAttribute("data-id");
  }, at);
  return page.locator(`.react-flow__node[data-id="${id}"]`);
}

async function measureRun({ page, api }) {
  const flow = await api("POST", "/flows", { name: "Events", definition: tenThousandEvents() });
  const run = await api("POST", `/flows/${flow.id}/execute`, { inputs: {} });
  let detail = run;
  while (!["completed", "failed", "cancelled"].includes(detail.status)) {
    await pause(300);
    detail = await api("GET", `/executions/${run.id}`);
  }
  const address = `/executions/view/?id=${run.id}`;
  await page.goto("/executions/");
  await page.waitForLoadState("networkidle");
  for (const round of ["first", "second"]) {
    const begin = performance.now();
    const work = await frames(page, async () => {}).catch(() => null);
    void work;
    await page.goto(address, { waitUntil: "commit" });
    await page
      .getByRole("button", { name: /^Result/ })
      .first()
      .waitFor();
    await page
      .getByRole("button", { name: /^Result/ })
      .first()
      .click();
    await page.getByRole("heading", { name: "Result", exact: true, level: 2 }).first().waitFor();
    await painted(page);
    if (round === "second")
      say("10,000 events: until a step can be chosen", performance.now() - begin, "ms");
  }
  const events = await page.evaluate(() => document.title);
  void events;
}

async function measureScripts({ context, api }) {
  const flow = await api("POST", "/flows", { name: "Small", definition: thousand(slowUrl) });
  const run = await api("POST", `/flows/${flow.id}/execute`, { inputs: { topic: "tides" } });
  for (const { name, kilobytes } of await scripts(context, { flow: flow.id, run: run.id })) {
    say(`scripts of ${name}`, kilobytes, "kB gzip");
  }
}

/** Milliseconds from the navigation until a node is drawn. */
async function shownAfter(page) {
  await page.locator(".react-flow__node").first().waitFor();
  await painted(page);
  return page.evaluate(() => performance.now());
}

async function signUp(context) {
  const answer = await context.request.post("/api/v1/auth/register", {
    data: {
      email: `${randomUUID()}@example.com`,
      password: "correct horse battery",
      full_name: "Grace Hopper",
      tenant_name: "Bench",
    },
  });
  if (!answer.ok()) throw new Error(await answer.text());
  return { token: (await answer.json()).access_token };
}

function apiOf(context, token) {
  return async (method, address, data) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await context.request.fetch(`/api/v1${address}`, { method, data, headers });
    if (!answer.ok()) throw new Error(`${method} ${address}: ${await answer.text()}`);
    return answer.json();
  };
}

/** Answers from another build instead of the server's. */
function fromFolder(folder) {
  return async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = path.join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!existsSync(file)) return route.fulfill({ status: 404 });
    const kinds = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
    const contentType = kinds[path.extname(file)] ?? "application/octet-stream";
    return route.fulfill({ body: readFileSync(file), contentType });
  };
}
