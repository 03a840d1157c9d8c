/**
 * Measures the pages in Chromium: `node editor.mjs '{"url": ...}'` writes [{name, value, unit}] to standard output.
 * With "ui", a folder, it takes the pages from another build, and with "only" it measures one part, for comparisons in turns.
 */
import { chromium } from "@playwright/test";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { readFileSync, existsSync } from "node:fs";
import path from "node:path";
import { MAPS, tenThousandEvents, thousand } from "./flows.mjs";
import { circle, frames, pan, painted, pause, place, type } from "./page.mjs";
import { scripts } from "./scripts.mjs";

/** With the work of the nodes themselves, about twenty changes of status a second: each node starts, and ends. */
const ANSWER_MS = 75;
const KEYS = "twenty keys are typed".slice(0, 20);
const FINAL = ["completed", "failed", "cancelled"];
const LONG_MS = 120_000;

const { url, ui, only } = JSON.parse(process.argv[2] ?? "{}");
const found = [];
const say = (name, value, unit) => {
  found.push({ name, value, unit });
  process.stderr.write(`${name}: ${value.toFixed(1)} ${unit}\n`);
};

const slow = createServer((_, answer) => setTimeout(() => answer.end("{}"), ANSWER_MS));
await new Promise((ready) => slow.listen(0, "127.0.0.1", () => ready(null)));
const slowUrl = `http://127.0.0.1:${slow.address().port}/`;

const program = process.env.WATCHBILL_CHROMIUM || "/usr/bin/chromium";
if (!existsSync(program)) {
  throw new Error(
    "There is no browser to measure in: install Chromium, or name one in WATCHBILL_CHROMIUM.",
  );
}
const browser = await chromium.launch({
  executablePath: program,
  args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-background-networking"],
});
try {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
  });
  context.setDefaultTimeout(LONG_MS);
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
  // Once to have everything compiled and cached, as for anybody who opens a second flow.
  await page.goto(address);
  await shown(page);
  await page.goto(address, { waitUntil: "commit" });
  await shown(page);
  say("1,000 nodes: until the first is shown", await page.evaluate(() => performance.now()), "ms");
  await pause(2000);

  const middle = await place(page.locator(".wb-canvas"));
  await measured(page, "fitted", "panning", () => pan(page, middle));
  await measured(page, "fitted", "dragging", async () =>
    circle(page, await place(await inside(page)), 60),
  );

  await page.keyboard.press("Escape");
  await page.getByTitle("Back to 100 %").click();
  await pause(1000);
  await measured(page, "near", "panning", () => pan(page, middle));
  await measured(page, "near", "dragging", async () =>
    circle(page, await place(await inside(page), 0.5, 0.2), 120),
  );
  await page.keyboard.press("Escape");
  await typing(page);

  await page.keyboard.press("Escape");
  const execution = await api("POST", `/flows/${flow.id}/execute`, { inputs: { topic: "tides" } });
  await page.goto(`${address}&execution=${execution.id}`);
  await shown(page);
  // The lines that only compute are over.
  await pause(5000);
  await measured(page, "fitted", "an execution's status updates", () => pause(2500));
  await page.getByTitle("Back to 100 %").click();
  await pause(1000);
  await measured(page, "near", "an execution's status updates", () => pause(2500));
  const { status } = await api("GET", `/executions/${execution.id}`);
  if (status !== "running") throw new Error(`The execution that was watched is ${status}.`);
  await api("POST", `/executions/${execution.id}/cancel`);
}

async function typing(page) {
  const chosen = await inside(page);
  await chosen.click({ position: { x: 60, y: 20 } });
  const field = page.getByRole("textbox", { name: "Name", exact: true });
  await field.click();
  await painted(page);
  await pause(1500);
  let ms = 0;
  const { longTasks } = await frames(page, async () => {
    ms = await type(page, KEYS);
  });
  say("1,000 nodes: 20 keys in the inspector", ms, "ms");
  say("1,000 nodes: long tasks while typing", longTasks, "tasks");
  await pause(1500);
}

async function measured(page, distance, name, work) {
  const { fps, longest, longTasks } = await frames(page, work);
  say(`1,000 nodes, ${distance}: ${name}`, fps, "fps");
  say(`1,000 nodes, ${distance}: ${name}, longest frame`, longest, "ms");
  say(`1,000 nodes, ${distance}: ${name}, long tasks`, longTasks, "tasks");
}

async function shown(page) {
  await page.locator(".react-flow__node").first().waitFor({ state: "attached" });
  await painted(page);
}

/** The node nearest to the middle of the canvas. */
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
  const { id } = await api("POST", `/flows/${flow.id}/execute`, { inputs: {} });
  await ended(api, id);
  // Once to have everything compiled and cached.
  for (const counts of [false, true]) {
    await page.goto(`/executions/view/?id=${id}`, { waitUntil: "commit" });
    const begin = performance.now();
    const node = page.getByRole("button", { name: new RegExp(`Map ${MAPS - 1}`) });
    await node.click();
    await page.getByRole("heading", { name: `Map ${MAPS - 1}`, exact: true }).waitFor();
    if (!counts) continue;
    say("10,000 events: until a node can be looked at", performance.now() - begin, "ms");
    await page.getByRole("button", { name: new RegExp(`^Completed\\s*Map ${MAPS - 1}`) }).waitFor();
    say("10,000 events: until all of it is there", performance.now() - begin, "ms");
    await page.getByRole("tab", { name: "Events" }).click();
    const count = page.getByRole("tabpanel", { name: "Events" }).getByText(/^\d+ of \d+$/);
    const told = await count.textContent();
    say("10,000 events: events of the execution", Number(told?.split(" of ")[1] ?? 0), "events");
  }
}

async function measureScripts({ context, api }) {
  const flow = await api("POST", "/flows", { name: "Small", definition: thousand(slowUrl) });
  const execution = await api("POST", `/flows/${flow.id}/execute`, { inputs: { topic: "tides" } });
  for (const { name, kilobytes } of await scripts(context, { flow: flow.id, run: execution.id })) {
    say(`scripts: ${name}`, kilobytes, "kB gzip");
  }
  await ended(api, execution.id);
}

/** Nothing that still runs stands in the way of what is measured next. */
async function ended(api, id) {
  while (!FINAL.includes((await api("GET", `/executions/${id}`)).status)) await pause(300);
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
  const kinds = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
  return async (route) => {
    const { pathname } = new URL(route.request().url());
    const file = path.join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!existsSync(file)) return route.fulfill({ status: 404 });
    const contentType = kinds[path.extname(file)] ?? "application/octet-stream";
    return route.fulfill({ body: readFileSync(file), contentType });
  };
}
