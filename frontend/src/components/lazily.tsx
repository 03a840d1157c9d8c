"use client";

/** Parts of a page that are loaded when they are opened; what cannot be loaded then says so, and the page stands. */
import dynamic from "next/dynamic";
import { useEffect, type ComponentType } from "react";
import { toast } from "./toast";

/** `load` imports the component. Without it (offline, or after an update) a message tells what to do. */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  return dynamic<Props>(() => load().catch((): ComponentType<Props> => NotLoaded), { ssr: false });
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
