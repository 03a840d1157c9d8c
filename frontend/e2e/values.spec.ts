/** Values go through forms, pages and saved flows as they are: long numbers, and what is only half typed. */
import type { Page, Route } from "@playwright/test";
import { input, line, output } from "./flows";
import { expect, make, test } from "./fixtures";

const LONG = "9007199254740993";

test("a long whole number is the same in a form, an execution and a renamed node", async ({
  page,
  api,
}) => {
  const kept = { id: "kept", type: "transform", label: "Kept", config: { values: { n: 1 } } };
  const definition = line(
    input([{ name: "count", type: "integer", label: "Count", required: true }]),
    kept,
    output({ count: "{{ inputs.count }}", kept: "{{ nodes.kept.output.n }}" }),
  );
  // As text: JavaScript would round it here already.
  const body = JSON.stringify({ name: "Exact", definition }).replace('"n":1', `"n":${LONG}`);
  const stored = await api.post("/api/v1/flows", {
    data: body,
    headers: { "content-type": "application/json" },
  });
  const { id } = (await stored.json()) as { id: string };

  await page.goto(`/flows/edit/?id=${id}`);
  await page.locator('.react-flow__node[data-id="kept"]').click();
  await page.getByLabel("Name", { exact: true }).fill("Kept as it is");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(await (await api.get(`/api/v1/flows/${id}`)).text()).toContain(`"n":${LONG}`);

  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByLabel("Count").fill(LONG);
  await page.getByRole("button", { name: "Run flow" }).click();
  await page.getByRole("tab", { name: "Output" }).click();
  for (const name of ["count", "kept"]) {
    await expect(page.getByRole("region", { name, exact: true }).getByText(LONG)).toBeVisible();
  }
  const executions = await (await api.get(`/api/v1/executions?flow_id=${id}`)).json();
  const execution = await (await api.get(`/api/v1/executions/${executions.items[0].id}`)).text();
  expect(execution).toContain(`"outputs":{"count":${LONG},"kept":${LONG}}`);
});

test("half-typed JSON is kept, said, and not run as if it were there", async ({ page, api }) => {
  const { id } = await make(api, "/flows", {
    name: "Half",
    definition: line(
      input([]),
      { id: "kept", type: "transform", config: { values: { list: [1, 2] } } } as { id: string },
      output({ list: "{{ nodes.kept.output.list }}" }),
    ),
  });
  await page.goto(`/flows/edit/?id=${id}`);
  await page.locator('.react-flow__node[data-id="kept"]').click();
  const field = page.getByRole("textbox", { name: "Value of list" });
  await field.fill("[1, 2, ");
  await expect(page.getByText(/^This is not JSON/).first()).toBeVisible();
  await expect(page.getByText("Not all saved: some fields are not valid")).toBeVisible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText("The flow was not run")).toBeVisible();

  await page.reload();
  await page.locator('.react-flow__node[data-id="kept"]').click();
  await expect(field).toHaveText("[1, 2, ");
  await field.fill("[1, 2, 3]");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await expect(page.getByText(/^This is not JSON/)).toHaveCount(0);
});

test("what the server did not get is there again after a reload, and then saved", async ({
  page,
  api,
}) => {
  const { id } = await make(api, "/flows", {
    name: "Away",
    definition: line(
      input([]),
      { id: "kept", type: "transform", config: { values: { list: [1, 2] } } } as { id: string },
      output({ list: "{{ nodes.kept.output.list }}" }),
    ),
  });
  page.on("dialog", (dialog) => dialog.accept());
  await page.route(`**/api/v1/flows/${id}`, (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 422, json: { title: "No", detail: "Not now." } })
      : route.continue(),
  );
  await page.goto(`/flows/edit/?id=${id}`);
  const field = page.getByRole("textbox", { name: "Value of list" });
  await page.locator('.react-flow__node[data-id="kept"]').click();
  await field.fill("[9007199254740993]");
  await expect(page.getByText("Not saved: Not now.")).toBeVisible();
  await page.unroute(`**/api/v1/flows/${id}`);
  await page.reload();
  await expect(page.getByText("Your unsaved changes are back")).toBeVisible();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(await (await api.get(`/api/v1/flows/${id}`)).text()).toContain("[9007199254740993]");

  await page.reload();
  await page.locator('.react-flow__node[data-id="kept"]').click();
  await expect(field).toContainText("9007199254740993");
  await expect(page.getByText("Your unsaved changes are back")).toHaveCount(0);
});

test("two windows with one flow lose nothing and overwrite nothing unasked", async ({
  page,
  api,
  context,
}) => {
  const { id } = await make(api, "/flows", { name: "Shared", definition: line(input([])) });
  const nameThere = async () => {
    const answer = await api.get(`/api/v1/flows/${id}`);
    return ((await answer.json()) as { name: string }).name;
  };
  const rename = async (window: Page, name: string) => {
    await window.getByLabel("Flow name").fill(name);
    await window.getByLabel("Flow name").press("Enter");
  };
  const other = await context.newPage();
  for (const window of [page, other]) {
    await window.goto(`/flows/edit/?id=${id}`);
    await expect(window.getByLabel("Flow name")).toHaveValue("Shared");
  }
  await rename(page, "First");
  await expect.poll(nameThere).toBe("First");
  await rename(other, "Second");
  const ask = { name: "This flow was changed elsewhere" };
  await expect(other.getByRole("dialog", ask)).toBeVisible();
  await rename(page, "Third");
  await expect.poll(nameThere).toBe("Third");
  // The one that is asked goes first; the one that has everything takes nothing of its away.
  await other.close();
  await page.goto("/flows/");
  await page.goto(`/flows/edit/?id=${id}`);
  await expect(page.getByLabel("Flow name")).toHaveValue("Second");
  const question = page.getByRole("dialog", ask);
  await expect(question).toBeVisible();
  expect(await nameThere()).toBe("Third");
  await question.getByRole("button", { name: "Overwrite" }).click();
  await expect.poll(nameThere).toBe("Second");
});

test("what could not be saved yet is saved later, also when the editor is left at once", async ({
  page,
  api,
}) => {
  const { id } = await make(api, "/flows", { name: "Away", definition: line(input([])) });
  const name = page.getByLabel("Flow name");
  const refused = (route: Route) =>
    route.request().method() === "PATCH" ? route.fulfill({ status: 429 }) : route.continue();
  await page.goto(`/flows/edit/?id=${id}`);
  await page.route(`**/api/v1/flows/${id}`, refused);
  await name.fill("Left behind");
  await name.press("Enter");
  await page.getByRole("link", { name: "Flows" }).first().click();
  await page.waitForURL("**/flows/");
  await page.unroute(`**/api/v1/flows/${id}`);
  await page.goBack();
  await expect(name).toHaveValue("Left behind");
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  expect(await (await api.get(`/api/v1/flows/${id}`)).text()).toContain("Left behind");
});

for (const [text, why] of [
  ['{"a": 1, "a": 2}', 'The key "a" appears twice.'],
  ["18446744073709551616", "The whole number 18446744073709551616 has more than 64 bits"],
  ['"\\ud800"', "A text contains a NUL character or half of a surrogate pair"],
  ['{"2": 1, "1": 2}', 'The key "2" would move'],
] as const) {
  test(`${text} is neither saved nor lost`, async ({ page, api }) => {
    const { id } = await make(api, "/flows", {
      name: "Odd",
      definition: line(
        input([]),
        { id: "kept", type: "transform", config: { values: { odd: 1 } } } as { id: string },
        output({ odd: "{{ nodes.kept.output.odd }}" }),
      ),
    });
    await page.goto(`/flows/edit/?id=${id}`);
    await page.locator('.react-flow__node[data-id="kept"]').click();
    const field = page.getByRole("textbox", { name: "Value of odd" });
    await field.fill(text);
    await expect(page.getByText(why).first()).toBeVisible();
    await expect(page.getByText(/^Not all saved/)).toBeVisible();
    await page.reload();
    await page.locator('.react-flow__node[data-id="kept"]').click();
    await expect(field).toHaveText(text);
    expect(await (await api.get(`/api/v1/flows/${id}`)).text()).toContain('"odd":1');
  });
}
