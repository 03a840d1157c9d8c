"use client";

/**
 * Short messages about what has just happened; an error also names the request. What shows them is loaded when somebody
 * first does something, so that it is there before there is anything to say.
 */
import { useEffect, useState } from "react";
import { toApiError } from "@/lib/api/error";
import type { Toasts } from "./toasts";

type Show = Parameters<Parameters<typeof Toasts>[0]["onReady"]>[0];

let show: Show | null = null;
/** Said before it could be shown. */
let waiting: ((show: Show) => void)[] = [];
/** Has what shows messages loaded. */
let wanted: () => void = () => {};

function say(message: (show: Show) => void): void {
  if (show) return message(show);
  waiting.push(message);
  wanted();
}

function onReady(ready: Show): void {
  show = ready;
  waiting.forEach((message) => message(ready));
  waiting = [];
}

const SIGNS_OF_LIFE = ["pointerdown", "keydown"];

export function Toaster() {
  const [Loaded, setLoaded] = useState<typeof Toasts | null>(null);
  useEffect(() => {
    const load = () =>
      void import("./toasts").then(
        (it) => setLoaded(() => it.Toasts),
        // Without a connection it is tried again with the next message, or when the connection is back. What was
        // said before is old then.
        () => {
          waiting = waiting.slice(-1);
          window.addEventListener("online", load, { once: true });
        },
      );
    wanted = load;
    if (waiting.length > 0) load();
    SIGNS_OF_LIFE.forEach((type) => window.addEventListener(type, load, { once: true }));
    return () => {
      wanted = () => {};
      show = null;
      [...SIGNS_OF_LIFE, "online"].forEach((type) => window.removeEventListener(type, load));
    };
  }, []);
  return Loaded && <Loaded onReady={onReady} />;
}

type Action = { label: string; onClick: () => void };

export const toast = {
  /** "Flow published". */
  success(title: string, options: { description?: string; action?: Action } = {}) {
    say((show) => show.success(title, options));
  },
  /** `title` says what did not work; the reason and request id come from the error. */
  error(title: string, error?: unknown) {
    if (error === undefined) return say((show) => show.error(title));
    const { message, requestId } = toApiError(error);
    const description = requestId ? `${message} (request ${requestId})` : message;
    say((show) => show.error(title, { description, duration: 10_000 }));
  },
};
