"use client";

/** Begins a new execution at a node of this one. */
import { GitFork } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { lazily } from "@/components/lazily";
import { useCan } from "@/features/auth";
import type { ForkProps } from "./fork-dialog";

/** Loaded when it is opened, or about to be. */
const ForkDialog = lazily(() => import("./fork-dialog").then((it) => it.ForkDialog));

/** The button with its dialog; nothing for those who may not run flows. */
export function ForkButton({ execution, item }: ForkProps) {
  const [open, setOpen] = useState(false);
  const may = useCan("executions:write");
  if (!may || !execution.detail || item.id.includes("[")) return null;
  return (
    <>
      <Button
        size="sm"
        variant="ghost"
        className="-mr-2"
        onPointerEnter={ForkDialog.preload}
        onFocus={ForkDialog.preload}
        onClick={() => setOpen(true)}
      >
        <GitFork aria-hidden />
        Fork from here
      </Button>
      {open && <ForkDialog execution={execution} item={item} onClose={() => setOpen(false)} />}
    </>
  );
}
