"use client";

/** Parts of a page that are loaded when they are opened; what cannot be loaded then says so, and the page stands. */
import { useEffect, useState, type ComponentType, type ReactNode } from "react";
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

  async function loaded(): Promise<ComponentType<Props>> {
    try {
      return (known = await (loading ??= load()));
    } catch {
      loading = null;
      return NotLoaded;
    }
  }
  function Part(props: Props) {
    const [Loaded, setLoaded] = useState(() => known);
    useEffect(() => {
      if (Loaded) return;
      let left = false;
      void loaded().then((component) => left || setLoaded(() => component));
      return () => {
        left = true;
      };
    }, [Loaded]);
    return Loaded ? <Loaded {...props} /> : meanwhile;
  }
  return Object.assign(Part, { preload: () => void loaded() });
}

function NotLoaded() {
  useEffect(() => {
    toast.error(
      "This could not be opened",
      new Error("Check the connection, then reload the page."),
    );
  }, []);
  return null;
}
