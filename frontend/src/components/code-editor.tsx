"use client";

/** A code editor, loaded only where one is shown. */
import { lazily } from "./lazily";
import { Skeleton } from "./skeleton";

export type { CodeEditorProps } from "./code-mirror";

export const CodeEditor = lazily(
  () => import("./code-mirror").then((it) => it.default),
  <Skeleton className="h-24 rounded-md" />,
);
