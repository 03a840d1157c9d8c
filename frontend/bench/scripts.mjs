/** How much script each page loads, packed as a server sends it. */
import { gzipSync } from "node:zlib";

/** Kilobytes that a page may load; that of one execution is to come down to those of the others. */
const MOST_KB = 250;
const MOST_OF = { editor: 350, execution: 260 };

export async function scripts(context, { flow, run: execution }) {
  const pages = {
    home: "/",
    flows: "/flows/",
    editor: `/flows/edit/?id=${flow}`,
    triggers: `/flows/triggers/?id=${flow}`,
    executions: "/executions/",
    execution: `/executions/view/?id=${execution}`,
    inbox: "/inbox/",
    agents: "/agents/",
    tools: "/tools/",
    crews: "/crews/",
    models: "/models/",
    settings: "/settings/",
    members: "/settings/members/",
    "audit log": "/settings/audit-log/",
    notifications: "/settings/notifications/",
    login: "/login/",
  };
  const found = [];
  for (const [name, address] of Object.entries(pages)) {
    const most = MOST_OF[name] ?? MOST_KB;
    found.push({ name, kilobytes: await loaded(context, address), most });
  }
  return found;
}

/** Kilobytes of all scripts that the page has asked for by the time it is quiet. */
async function loaded(context, address) {
  const page = await context.newPage();
  const sizes = [];
  page.on("response", (answer) => {
    if (answer.request().resourceType() !== "script") return;
    sizes.push(answer.body().then((body) => gzipSync(body).length));
  });
  await page.goto(address, { waitUntil: "networkidle" });
  const all = await Promise.all(sizes);
  await page.close();
  return all.reduce((sum, size) => sum + size, 0) / 1024;
}
