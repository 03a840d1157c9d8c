/** A question by mail is answered behind its link, by somebody who is signed in nowhere. */
import AxeBuilder from "@axe-core/playwright";
import { expect, make, test } from "./fixtures";
import { input, line, output } from "./flows";
import { mailedLink } from "./mails";

const ask = {
  id: "ask",
  type: "approval",
  label: "Ask",
  config: {
    title: "Send {{ inputs.amount }} euros?",
    details: "For **travel** to the sea.",
    fields: [{ name: "account", label: "From which account" }],
    deadline_seconds: 86_400,
    notify: ["admin"],
  },
};
const fields = [{ name: "amount", type: "integer", label: "Amount" }];
const definition = {
  ...line(input(fields), ask, output({ from: "{{ nodes.ask.output.values.account }}" })),
  edges: [
    { id: "e1", source: "in", target: "ask" },
    { id: "e2", source: "ask", source_handle: "approved", target: "out" },
  ],
};

test("a question is answered by the link in the mail", async ({ page, api, person, browser }) => {
  const flow = await make(api, "/flows", { name: "Payment", definition });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: { amount: 120 } });
  const link = await mailedLink(person.email);
  const anybody = await browser.newContext({ colorScheme: "dark" });
  const visit = await anybody.newPage();
  await visit.goto(link);
  await expect(visit.getByRole("heading", { name: "Send 120 euros?" })).toBeVisible();
  await expect(visit.getByText(`You answer as ${person.email}`)).toBeVisible();
  for (const colorScheme of ["dark", "light"] as const) {
    await visit.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page: visit }).analyze();
    expect.soft(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  }
  await visit.getByLabel("From which account").fill("Travel");
  await visit.getByRole("button", { name: "Approve" }).click();
  await expect(visit.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await visit.reload();
  await expect(visit.getByRole("heading", { name: "This question is closed" })).toBeVisible();
  await anybody.close();

  await page.goto(`/executions/view/?id=${execution.id}`);
  await expect(page.getByText("Completed", { exact: true }).first()).toBeVisible();
  await expect(page.getByText("Travel").first()).toBeVisible();
});
