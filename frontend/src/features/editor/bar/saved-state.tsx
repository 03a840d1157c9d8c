"use client";

/** Whether the flow is saved, in few words, and in a sentence on hover and focus; and the way out when somebody else saved. */
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Tooltip } from "@/components/tooltip";
import type { SaveState } from "../autosave";

type SavedStateProps = {
  state: SaveState;
  /** Something was typed that cannot be read, so it is in no version. */
  halfTyped: boolean;
  onRetry: () => void;
  onReload: () => void;
  onOverwrite: () => void;
};

export function SavedState(props: SavedStateProps) {
  const { state, halfTyped, onRetry } = props;
  const { short, rest } = wordsFor(state, halfTyped);
  return (
    <span className="flex shrink-0 items-center gap-1 text-xs font-normal text-muted">
      <span role="status" className={state.kind === "failed" ? "text-failed" : undefined}>
        {rest ? (
          <Tooltip label={`${short}: ${rest}`}>
            {/* The top line has no room for the sentence: it is read out, and shown on hover and focus. */}
            <button type="button" className="cursor-default rounded-sm">
              {short}
              <span className="sr-only">: {rest}</span>
            </button>
          </Tooltip>
        ) : (
          short
        )}
      </span>
      {state.kind === "failed" && (
        <button type="button" onClick={onRetry} className="rounded-sm text-failed underline">
          Try again
        </button>
      )}
      {state.kind === "conflict" && <Conflict {...props} />}
    </span>
  );
}

function wordsFor(state: SaveState, halfTyped: boolean): { short: string; rest?: string } {
  switch (state.kind) {
    case "saved":
      return halfTyped
        ? {
            short: "Not all saved",
            rest: "some fields are not valid, so they are not saved. See the problems.",
          }
        : { short: "Saved" };
    case "unsaved":
      return { short: "Edited" };
    case "saving":
      return { short: "Saving…" };
    case "failed":
      return {
        short: "Not saved",
        rest: state.again
          ? `${state.reason} This browser keeps your changes and tries again automatically.`
          : `${state.reason} This browser keeps your changes.`,
      };
    case "conflict":
      return { short: "" };
  }
}

/** Closing the question leaves it open: the words in the top line ask it again. */
function Conflict({ onReload, onOverwrite }: SavedStateProps) {
  const [open, setOpen] = useState(true);
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="This flow was changed elsewhere"
      description="Somebody else saved this flow while you were editing, or you saved it in another window. Reload to get the saved version and lose your latest changes, or overwrite it with your changes. Nothing is saved until you choose, but this browser keeps your changes."
      trigger={
        <button
          type="button"
          aria-label="Not saved: changed elsewhere"
          className="rounded-sm text-failed underline"
        >
          Not saved<span className="max-2xl:hidden">: changed elsewhere</span>
        </button>
      }
      footer={
        <>
          <Button onClick={onReload}>Reload</Button>
          <Button variant="danger" onClick={onOverwrite}>
            Overwrite
          </Button>
        </>
      }
    />
  );
}
