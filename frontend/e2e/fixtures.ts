/** What every browser test stands on: a person with a fresh tenant, and a browser that complains of nothing. */
import { expect, test as base, type APIRequestContext } from "@playwright/test";
import { randomUUID } from "node:crypto";

export { expect };

export const PASSWORD = "correct horse battery staple";

export type Person = {
  name: string;
  email: string;
  password: string;
  tenant: string;
  /** The access token, for calls of the API that need no browser. */
  token: string;
};

type Fixtures = {
  /** Signed up through the API; the page of the test is signed in as them. */
  person: Person;
  /** Calls the API as that person. */
  api: APIRequestContext;
  /** Fails the test when a page writes an error to the console, or throws. */
  quiet: void;
};

/** Chromium notes each refused request as an error, and each while it is offline; which are right, the tests say themselves. */
const REFUSED =
  /^Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_INTERNET_DISCONNECTED)/;

export const test = base.extend<Fixtures>({
  // Read when the test runs: the address is known only after the set-up.
  baseURL: async ({}, provide) => provide(process.env.WATCHBILL_URL),

  person: async ({ page }, provide) => {
    const id = randomUUID().slice(0, 8);
    const form = {
      full_name: "Grace Hopper",
      email: `grace-${id}@example.org`,
      tenant: `Navy ${id}`,
    };
    // The browser's own context: it keeps the session's cookie.
    const answer = await page.request.post("/api/v1/auth/register", {
      data: {
        email: form.email,
        password: PASSWORD,
        full_name: form.full_name,
        tenant_name: form.tenant,
      },
    });
    expect(answer.status()).toBe(201);
    const { access_token } = (await answer.json()) as { access_token: string };
    const { full_name: name, email, tenant } = form;
    await provide({ name, email, tenant, password: PASSWORD, token: access_token });
  },

  api: async ({ playwright, baseURL, person }, provide) => {
    const context = await playwright.request.newContext({
      baseURL,
      extraHTTPHeaders: { authorization: `Bearer ${person.token}` },
    });
    await provide(context);
    await context.dispose();
  },

  quiet: [
    async ({ page }, provide) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() !== "error" || REFUSED.test(message.text())) return;
        complaints.push(`${page.url()}: ${message.text()}`);
      });
      await provide();
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

type Created = { id: string; name: string };

/** Sends a body and gives what was made of it. */
export async function make<Made = Created>(
  api: APIRequestContext,
  path: string,
  data: object = {},
): Promise<Made> {
  const answer = await api.post(`/api/v1${path}`, { data });
  expect(answer.ok(), await answer.text()).toBe(true);
  return (await answer.json()) as Made;
}

type Example = { name: string; title: string; description: string; definition: object };

/** Makes a flow of the example with that name. */
export async function makeExample(api: APIRequestContext, name: string): Promise<Created> {
  const answer = await api.get("/api/v1/flows/examples");
  const { items } = (await answer.json()) as { items: Example[] };
  const example = items.find((item) => item.name === name);
  if (!example) throw new Error(`There is no example ${name}, but ${items.map((e) => e.name)}.`);
  const { title, description, definition } = example;
  return make(api, "/flows", { name: title, description, definition });
}
