"use client";

/** A code editor, loaded only where one is shown. */
import dynamic from "next/dynamic";
import { Skeleton } from "./skeleton";

export type { CodeEditorProps } from "./code-mirror";

export const CodeEditor = dynamic(() => import("./code-mirror"), {
  ssr: false,
  loading: () => <Skeleton className="h-24 rounded-md" />,
});
