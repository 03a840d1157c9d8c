/** The page behind a mailed link asks, answers once, and says why when there is nothing to answer. */
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { createQueryClient } from "@/lib/api/query";
import { MailedAnswerView } from "./mailed-view";

const QUESTION = {
  id: "q",
  execution_id: "x",
  flow_id: "f",
  flow_name: "Payroll",
  node_id: "ask",
  title: "Pay 7 € to Ann?",
  details: "**Rent**",
  role: "member",
  fields: [{ name: "amount", type: "integer" }],
  due_at: null,
  asked_at: "2026-01-01T00:00:00Z",
  email: "bob@example.com",
};

type Answer = { status: number; body?: object };
let answers: Record<string, Answer>;
let sent: { path: string; body: unknown }[];

function problem(status: number, code: string, detail: string): Answer {
  return { status, body: { title: "No", status, code, detail, errors: [] } };
}

beforeEach(() => {
  sent = [];
  answers = {
    "/api/v1/mailed-approvals": { status: 200, body: QUESTION },
    "/api/v1/mailed-approvals/answer": { status: 204 },
  };
  window.location.hash = "#token=abc";
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const request = input as Request;
    const path = new URL(request.url).pathname;
    sent.push({ path, body: await request.json() });
    const { status, body } = answers[path] ?? { status: 404 };
    const headers = { "Content-Type": "application/json" };
    return new Response(body ? JSON.stringify(body) : null, { status, headers });
  });
});

function open() {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <TooltipProvider>
        <MailedAnswerView />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

it("asks and answers", async () => {
  const user = open();
  expect(await screen.findByRole("heading", { name: "Pay 7 € to Ann?" })).toBeInTheDocument();
  expect(screen.getByText(/bob@example.com/)).toBeInTheDocument();
  expect(await screen.findByText("Rent")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Approve" }));
  expect(screen.getByText("Enter a value.")).toBeInTheDocument();
  expect(sent.map(({ path }) => path)).toEqual(["/api/v1/mailed-approvals"]);
  await user.type(screen.getByLabelText("amount"), "7");
  await user.click(screen.getByRole("button", { name: "Approve" }));
  expect(await screen.findByRole("heading", { name: "Thank you" })).toBeInTheDocument();
  expect(sent.at(-1)).toEqual({
    path: "/api/v1/mailed-approvals/answer",
    body: { token: "abc", approved: true, comment: "", values: { amount: 7 } },
  });
});

it("rejects without the form", async () => {
  const user = open();
  await user.type(await screen.findByRole("textbox", { name: /Comment/ }), "no");
  await user.click(screen.getByRole("button", { name: "Reject" }));
  expect(await screen.findByText(/You rejected/)).toBeInTheDocument();
  expect(sent.at(-1)?.body).toMatchObject({ approved: false, comment: "no", values: {} });
});

it.each([
  ["approval_closed", 409, "This question is closed"],
  ["link_expired", 403, "This link has expired"],
  ["access_ended", 403, "You can no longer answer this question"],
])("says why on %s", async (code, status, title) => {
  answers["/api/v1/mailed-approvals"] = problem(status, code, "Ann answered already.");
  open();
  expect(await screen.findByRole("heading", { name: title })).toBeInTheDocument();
  expect(screen.getByText("Ann answered already.")).toBeInTheDocument();
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});

it("says so when somebody else was faster", async () => {
  const user = open();
  await screen.findByRole("heading", { name: "Pay 7 € to Ann?" });
  const closed = problem(409, "approval_closed", "Ann answered already.");
  answers["/api/v1/mailed-approvals/answer"] = closed;
  await user.click(screen.getByRole("button", { name: "Reject" }));
  expect(await screen.findByText("Ann answered already.")).toBeInTheDocument();
});
