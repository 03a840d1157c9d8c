/** Views of a watched execution share one stream and draw once a frame, whatever a burst brings. */
import { act, render, screen } from "@testing-library/react";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useExecution, useExecutionNode } from "./use-execution";

const TOKENS = 1000;
const WAIT = { timeout: 20_000 };

let server: Server;
let lines: ServerResponse[] = [];
let seq = 0;

function sse(type: string, data: object, node: string | null): string {
  seq += 1;
  const timestamp = "2026-01-01T00:00:00Z";
  const event = { seq, execution_id: "execution", type, node_id: node, timestamp, data };
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}

beforeEach(async () => {
  lines = [];
  seq = 0;
  server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.flushHeaders();
    lines.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const network = globalThis.fetch;
  // The page's own origin is not served here; only the address is changed.
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
    const { pathname } = new URL((input as Request).url);
    return network(`http://127.0.0.1:${port}${pathname}`, { signal: (input as Request).signal });
  });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it("opens one line for several views, and draws a burst in few frames", async () => {
  const draws = { text: 0, other: 0 };
  function Text() {
    const node = useExecutionNode("execution", "ask");
    draws.text += 1;
    return <p data-testid="text">{node?.text.length ?? 0}</p>;
  }
  function Other() {
    const node = useExecutionNode("execution", "other");
    draws.other += 1;
    return <p>{node?.status}</p>;
  }
  function Whole() {
    const { connection, state } = useExecution("execution");
    return <p data-testid="whole">{`${connection} ${state.status}`}</p>;
  }
  const view = render(
    <>
      <Text />
      <Other />
      <Whole />
    </>,
  );
  await vi.waitFor(() => expect(lines).toHaveLength(1), WAIT);
  lines[0]?.write(
    sse("execution_queued", { inputs: {} }, null) +
      sse("execution_started", { epoch: 1 }, null) +
      sse("node_started", { attempt: 1, input: null }, "other"),
  );
  await vi.waitFor(
    () => expect(screen.getByTestId("whole")).toHaveTextContent("live running"),
    WAIT,
  );
  const before = { ...draws };
  let burst = "";
  for (let token = 0; token < TOKENS; token += 1) {
    burst += sse("llm_token", { call_id: "c", text: "word " }, "ask");
  }
  lines[0]?.write(burst);
  await vi.waitFor(
    () => expect(screen.getByTestId("text")).toHaveTextContent(String(TOKENS * 5)),
    WAIT,
  );
  expect(draws.text - before.text).toBeLessThan(TOKENS / 10);
  expect(draws.other).toBe(before.other);
  expect(lines).toHaveLength(1);
  const closed = new Promise((resolve) => lines[0]?.once("close", resolve));
  act(() => view.unmount());
  await closed;
});
