/**
 * The live events of one execution over SSE. Unlike the browser's EventSource it sees refusals,
 * backs off with jitter, notices a silent line and a missing event, and ends when the execution has.
 */
import { createParser } from "eventsource-parser";
import { isLasting, toApiError, type ApiError } from "../api/error";
import { transport } from "../api/transport";
import type { Folded } from "./fold";
import { isFinalEvent, parseEvent, type ExecutionEvent } from "./types";

/** "ended": everything has come. "failed": it makes no sense to try again by itself. */
export type Connection = "idle" | "connecting" | "live" | "reconnecting" | "ended" | "failed";

export type StreamOptions = {
  executionId: string;
  /** The last event that was taken; the stream goes on after it. */
  lastSeq: () => number;
  /** "gap" makes the stream go back to `lastSeq`; with `allowGap` the server has nothing before it. */
  onEvent: (event: ExecutionEvent, allowGap: boolean) => Folded;
  onConnection: (connection: Connection, error: ApiError | null) => void;
  fetch?: (request: Request) => Promise<Response>;
  /** Milliseconds; the server sends something every 15 s. */
  silenceMs?: number;
  /** Milliseconds of the first and of the longest pause before another try. */
  backoffMs?: [number, number];
};

const SILENCE_MS = 45_000;
const BACKOFF_MS: [number, number] = [400, 15_000];
/** The trace is stored in batches, so a replay may come a moment before the missing events do. */
const GAP_TRIES = 2;

/** So long after a final event nothing more belongs to it, though the line stays open. */
const LAST_WORD_MS = 400;

/** How a connection came to its end. */
type Outcome = "ended" | "gap" | "closed";

/** Opens the stream and keeps it open; returns how to close it. */
export function openStream(options: StreamOptions): () => void {
  const closing = new AbortController();
  void follow(options, closing.signal);
  return () => closing.abort();
}

async function follow(options: StreamOptions, closed: AbortSignal): Promise<void> {
  const gaps = { tries: 0, at: -1, lossy: false };
  let failures = 0;
  options.onConnection("connecting", null);
  for (;;) {
    const before = options.lastSeq();
    let told = 0;
    try {
      const outcome = await connect(options, closed, gaps.lossy);
      if (closed.aborted) return;
      if (outcome === "ended") return options.onConnection("ended", null);
      if (outcome === "gap") countGap(gaps, options.lastSeq());
      options.onConnection("reconnecting", null);
    } catch (error) {
      if (closed.aborted) return;
      const problem = toApiError(error);
      if (isLasting(problem)) return options.onConnection("failed", problem);
      told = (problem.retryAfter ?? 0) * 1000;
      options.onConnection("reconnecting", problem);
    }
    failures = options.lastSeq() > before ? 0 : failures + 1;
    await pause(Math.max(told, delay(failures, options.backoffMs ?? BACKOFF_MS)), closed);
    if (closed.aborted) return;
  }
}

function countGap(gaps: { tries: number; at: number; lossy: boolean }, seq: number): void {
  gaps.tries = gaps.at === seq ? gaps.tries + 1 : 1;
  gaps.at = seq;
  // Asked again, the server still has nothing in between: the trace has expired.
  gaps.lossy ||= gaps.tries >= GAP_TRIES;
}

async function connect(
  options: StreamOptions,
  closed: AbortSignal,
  allowGap: boolean,
): Promise<Outcome> {
  const line = new AbortController();
  const hangUp = () => line.abort();
  closed.addEventListener("abort", hangUp, { once: true });
  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(hangUp, options.silenceMs ?? SILENCE_MS);
  };
  try {
    heard();
    const response = await request(options, line.signal);
    options.onConnection("live", null);
    return await read(response, options, allowGap, heard);
  } catch (error) {
    if (line.signal.aborted) return "closed";
    throw error;
  } finally {
    clearTimeout(silence);
    closed.removeEventListener("abort", hangUp);
    hangUp();
  }
}

async function request(options: StreamOptions, signal: AbortSignal): Promise<Response> {
  const path = `/api/v1/executions/${encodeURIComponent(options.executionId)}/stream`;
  const seq = options.lastSeq();
  const headers = new Headers({ Accept: "text/event-stream" });
  if (seq > 0) headers.set("Last-Event-ID", String(seq));
  const address = new URL(path, globalThis.location?.origin ?? "http://localhost");
  const send = options.fetch ?? transport;
  return send(new Request(address, { headers, signal, cache: "no-store" }));
}

async function read(
  response: Response,
  options: StreamOptions,
  allowGap: boolean,
  heard: () => void,
): Promise<Outcome> {
  let outcome: Outcome | null = null;
  let over = false;
  const parser = createParser({
    onEvent(message) {
      if (outcome !== null) return;
      if (message.event === "end") {
        outcome = "ended";
        return;
      }
      // The session, the membership or the tenant is over; the next request is told so, and signs out.
      if (message.event === "refused") {
        outcome = "closed";
        return;
      }
      const event = parseEvent(message.data);
      if (options.onEvent(event, allowGap) === "gap") outcome = "gap";
      // A failed execution may have been resumed, so only the server knows whether this was the last event.
      over = isFinalEvent(event);
    },
  });
  const reader = response.body?.getReader();
  if (!reader) return "closed";
  const decoder = new TextDecoder();
  while (outcome === null) {
    const next = reader.read();
    const chunk = over ? await Promise.race([next, silent(LAST_WORD_MS)]) : await next;
    if (chunk === null || chunk.done) break;
    const { value } = chunk;
    heard();
    parser.feed(decoder.decode(value, { stream: true }));
  }
  return outcome ?? (over ? "ended" : "closed");
}

function silent(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

/** Twice as long after each failure, at random in its upper half so that tabs do not come together. */
function delay(failures: number, [first, longest]: [number, number]): number {
  if (failures === 0) return first / 4;
  const full = Math.min(longest, first * 2 ** (failures - 1));
  return full * (0.5 + Math.random() / 2);
}

/** Ends early when the browser is online again or the stream is closed. */
function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const target = typeof window === "undefined" ? undefined : window;
    const done = () => {
      clearTimeout(timer);
      closed.removeEventListener("abort", done);
      target?.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    closed.addEventListener("abort", done);
    target?.addEventListener("online", done);
    if (closed.aborted) done();
  });
}
