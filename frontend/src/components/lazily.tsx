"use client";

/** Parts of a page that are loaded when they are opened; what cannot be loaded then says so, and the page stands. */
import { useEffect, useRef, useState, type ComponentType, type ReactNode } from "react";
import { ErrorState } from "./error-state";
import { toast } from "./toast";

/**
 * `load` imports the component. Without it (offline, or after an update) a message tells what to do. `preload` has it
 * there before it is opened, when somebody seems to be about to. `meanwhile` keeps its place.
 *
 * What is there is drawn at once: `Suspense` shows nothing for 300 ms, however soon it comes.
 */
export function lazily<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile: ReactNode = null,
) {
  let known: ComponentType<Props> | null = null;
  let loading: Promise<ComponentType<Props>> | null = null;

  /** Null when it cannot be loaded; the next one who wants it tries again. */
  async function loaded(): Promise<ComponentType<Props> | null> {
    try {
      return (known = await (loading ??= load()));
    } catch {
      loading = null;
      return null;
    }
  }
  function Part(props: Props & { onClose?: () => void }) {
    const [part, setPart] = useState<{ Component: ComponentType<Props> | null } | null>(
      () => known && { Component: known },
    );
    useEffect(() => {
      if (part) return;
      let left = false;
      void loaded().then((Component) => left || setPart({ Component }));
      return () => {
        left = true;
      };
    }, [part]);
    if (!part) return meanwhile;
    const { Component } = part;
    if (!Component) return <NotLoaded onClose={props.onClose} onRetry={() => setPart(null)} />;
    return <Component {...props} />;
  }
  return Object.assign(Part, { preload: () => void loaded() });
}

const REASON = new Error("Check the connection, then try again or reload the page.");

/** What can be closed is closed, so that it can be opened again; the rest says so in its place. */
function NotLoaded({ onClose, onRetry }: { onClose?: () => void; onRetry: () => void }) {
  const told = useRef(false);
  useEffect(() => {
    if (!onClose || told.current) return;
    told.current = true;
    toast.error("This could not be opened", REASON);
    onClose();
  }, [onClose]);
  if (onClose) return null;
  return <ErrorState title="This could not be opened" error={REASON} onRetry={onRetry} />;
}
