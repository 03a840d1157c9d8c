/** The stream against a real HTTP server that is told what to send and when to break off. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { readProblem } from "../api/error";
import { foldEvent } from "./fold";
import { newFolding, type Folding } from "./state";
import { openStream, type Connection } from "./stream";

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | null = null;
let stop: (() => void) | null = null;

afterEach(() => {
  stop?.();
  server?.closeAllConnections();
  server?.close();
});

function event(seq: number, type = "log") {
  const data = { level: "info", message: String(seq), details: {}, outputs: {}, usage: null };
  const body = {
    seq,
    execution_id: "x",
    type,
    node_id: null,
    timestamp: "2026-01-01T00:00:00Z",
    data,
  };
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Each connection gets the next reply, the last one again and again. */
async function serve(...replies: Reply[]) {
  const asked: (string | undefined)[] = [];
  server = createServer((request, response) => {
    asked.push(request.headers["last-event-id"] as string | undefined);
    replies[Math.min(asked.length, replies.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { asked, port: (server.address() as AddressInfo).port };
}

const say =
  (...parts: string[]): Reply =>
  (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    parts.forEach((part) => response.write(part));
    response.end();
  };

function listen(port: number, silenceMs = 5000) {
  const state: Folding = newFolding();
  const seen: { connection: Connection; code: string | undefined }[] = [];
  stop = openStream({
    executionId: "x",
    lastSeq: () => state.seq,
    onEvent: (one, allowGap) => foldEvent(state, one, { allowGap }),
    onConnection: (connection, error) => seen.push({ connection, code: error?.code }),
    backoffMs: [4, 20],
    silenceMs,
    async fetch(request) {
      const address = new URL(request.url);
      const local = `http://127.0.0.1:${port}${address.pathname}`;
      const response = await fetch(local, { headers: request.headers, signal: request.signal });
      if (!response.ok) throw await readProblem(response);
      return response;
    },
  });
  const until = (connection: Connection) =>
    vi.waitFor(() => expect(seen.at(-1)?.connection).toBe(connection), { interval: 2 });
  return { state, seen, until };
}

it("asks again when access ended, and takes the refusal as final", async () => {
  const said = { status: 401, code: "session_expired", detail: "Your session is over." };
  const { asked, port } = await serve(
    say(event(1), `event: refused\ndata: ${JSON.stringify(said)}\n\n`),
    (_request, response) => {
      response.writeHead(401, { "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ title: "Sign in to continue", ...said }));
    },
  );
  const { state, seen, until } = listen(port);
  await until("failed");
  expect(seen.at(-1)?.code).toBe("session_expired");
  expect(asked).toEqual([undefined, "1"]);
  expect(state.seq).toBe(1);
});

it("reads events cut anywhere, and stops at the server's end", async () => {
  const text = `: hello\n\n${event(1)}${event(2)}event: end\ndata: {}\n\n`;
  const { asked, port } = await serve(say(...(text.match(/[^]{1,7}/g) ?? [])));
  const { state, seen, until } = listen(port);
  await until("ended");
  expect(state.seq).toBe(2);
  expect(asked).toEqual([undefined]);
  expect(seen.map(({ connection }) => connection)).toEqual(["connecting", "live", "ended"]);
});

it("stops at the final event, though the line stays open", async () => {
  const { asked, port } = await serve((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(event(1) + event(2, "execution_completed"));
  });
  const { state, until } = listen(port);
  await until("ended");
  expect(state.status).toBe("completed");
  expect(asked).toHaveLength(1);
});

it("goes on after the last event when the line breaks", async () => {
  const broken: Reply = (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(event(1), () => response.destroy());
  };
  const away: Reply = (_request, response) => response.writeHead(503).end();
  const rest = say(event(1), event(2), "event: end\ndata: {}\n\n");
  const { asked, port } = await serve(broken, away, rest);
  const { state, until } = listen(port);
  await until("ended");
  expect(asked).toEqual([undefined, "1", "1"]);
  expect(state.events.map(({ seq }) => seq)).toEqual([1, 2]);
});

it("asks again when an event is missing", async () => {
  const { asked, port } = await serve(
    say(event(1), event(3)),
    say(event(2), event(3), "event: end\ndata: {}\n\n"),
  );
  const { state, until } = listen(port);
  await until("ended");
  expect(asked).toEqual([undefined, "1"]);
  expect(state).toMatchObject({ seq: 3, missing: 0 });
});

it("takes what there is when the missing events are gone for good", async () => {
  const { port } = await serve(say(event(1), event(5), event(9), "event: end\ndata: {}\n\n"));
  const { state, until } = listen(port);
  await until("ended");
  expect(state.events.map(({ seq }) => seq)).toEqual([1, 5, 9]);
  expect(state.missing).toBe(6);
});

it("hangs up on a silent line and calls again", async () => {
  const rest = say(event(2), "event: end\ndata: {}\n\n");
  // On a busy machine the line may seem silent before anything came; then all is asked for again.
  const { asked, port } = await serve((request, response) => {
    if (request.headers["last-event-id"] === "1") return rest(request, response);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(event(1));
  });
  const { until } = listen(port, 200);
  await until("ended");
  expect([asked[0], asked.at(-1)]).toEqual([undefined, "1"]);
});

it("does not ask again what was refused", async () => {
  const body = JSON.stringify({
    title: "Not found",
    status: 404,
    code: "not_found",
    detail: "No.",
  });
  const { asked, port } = await serve((_request, response) => response.writeHead(404).end(body));
  const { seen, until } = listen(port);
  await until("failed");
  expect(seen.at(-1)?.code).toBe("not_found");
  expect(asked).toHaveLength(1);
});

it("comes again not before it was told to", async () => {
  const refusals: number[] = [];
  const { port } = await serve((_request, response) => {
    refusals.push(performance.now());
    response.writeHead(429, { "Retry-After": "1" }).end();
  });
  const { seen } = listen(port);
  await vi.waitFor(() => expect(refusals).toHaveLength(2), { timeout: 5000 });
  expect(refusals[1]! - refusals[0]!).toBeGreaterThan(900);
  expect(seen.at(-1)?.connection).toBe("reconnecting");
});

it("is quiet once it is closed", async () => {
  const { port } = await serve((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(event(1));
  });
  const { seen, until } = listen(port);
  await until("live");
  const closed = new Promise((resolve) => server?.once("close", resolve));
  stop?.();
  server?.close();
  await closed;
  expect(seen.map(({ connection }) => connection)).toEqual(["connecting", "live"]);
});
