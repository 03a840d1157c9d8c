"use client";

/** Whether the flow is saved, in words; and the way out when somebody else saved meanwhile. */
import { useState } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
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
  return (
    <span className="flex shrink-0 items-center gap-1 text-xs font-normal text-muted">
      <span role="status">
        {state.kind === "saved" &&
          (halfTyped ? "Not all saved: what was typed cannot be kept yet" : "Saved")}
        {state.kind === "unsaved" && "Edited"}
        {state.kind === "saving" && "Saving…"}
        {state.kind === "failed" && <span className="text-failed">Not saved: {state.reason}</span>}
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

/** Closing the question leaves it open: the words in the top line ask it again. */
function Conflict({ onReload, onOverwrite }: SavedStateProps) {
  const [open, setOpen] = useState(true);
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="This flow was changed elsewhere"
      description="Somebody saved it while you were editing. Reload to see that version and lose your latest changes, or overwrite it with yours."
      trigger={
        <button type="button" className="rounded-sm text-failed underline">
          Not saved: changed elsewhere
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
