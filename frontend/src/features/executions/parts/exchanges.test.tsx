/** A node's exchanges are loaded when they are wanted, and read word for word. */
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { TooltipProvider } from "@/components/tooltip";
import { createQueryClient } from "@/lib/api/query";
import type { NodeState } from "@/lib/events";
import { Exchanges } from "./exchanges";

const SHARED = { node_id: "ask", digest: "d", cut: false, timestamp: "2026-01-01T00:00:00Z" };
const ITEMS = [
  {
    ...SHARED,
    ...{ seq: 1, attempt: 1, number: 1, kind: "llm", duration_ms: 12 },
    ...{ request: { model: "small", messages: [] }, answer: null },
    error: { kind: "upstream", code: "busy", message: "The model is busy." },
  },
  {
    ...SHARED,
    ...{ seq: 2, attempt: 2, number: 1, kind: "llm", duration_ms: 1500, error: null, cut: true },
    request: { model: null, messages: [{ role: "user", content: "Why tides?" }] },
    answer: { model: "large", text: "The moon." },
  },
];
let asked: string[];

beforeEach(() => {
  asked = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const { pathname, search } = new URL((input as Request).url);
    asked.push(pathname + search);
    const headers = { "Content-Type": "application/json" };
    return new Response(JSON.stringify({ items: ITEMS, next_after: null }), { headers });
  });
});

function open(type: string, status: NodeState["status"] = "completed") {
  const node = { status, attempt: 2 } as NodeState;
  render(
    <QueryClientProvider client={createQueryClient()}>
      <TooltipProvider>
        <Exchanges execution="x" path="each[0].ask" type={type} node={node} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

it("asks for nothing until it is opened, then shows each with request and answer", async () => {
  const user = open("llm");
  expect(asked).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Exchanges" }));
  const list = within(await screen.findByRole("region", { name: "Exchanges" }));
  expect(asked).toEqual(["/api/v1/executions/x/exchanges?node_id=each%5B0%5D.ask&after=0"]);
  await user.click(list.getByRole("button", { name: /large.*attempt 2.*shortened/ }));
  const request = list.getByRole("region", { name: "Request" });
  await user.click(within(request).getByRole("button", { name: "JSON" }));
  expect(request).toHaveTextContent("Why tides?");
  expect(request).not.toHaveTextContent("null");
  expect(list.getByRole("region", { name: "Answer" })).toHaveTextContent("The moon.");
  expect(list.getByText(/texts are shortened/)).toBeInTheDocument();
  await user.click(list.getByRole("button", { name: /small/ }));
  expect(list.getByText("The model is busy.")).toBeInTheDocument();
});

it.each([
  ["transform", "completed"],
  ["llm", "pending"],
] as const)("has nothing to show for %s that is %s", (type, status) => {
  open(type, status);
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});
