"use client";

/** Whether the flow is saved, in words; and the way out when somebody else saved meanwhile. */
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import type { SaveState } from "../autosave";

type SavedStateProps = {
  state: SaveState;
  onRetry: () => void;
  onReload: () => void;
  onOverwrite: () => void;
};

export function SavedState({ state, onRetry, onReload, onOverwrite }: SavedStateProps) {
  return (
    <>
      <span role="status" className="shrink-0 text-xs font-normal text-muted">
        {state.kind === "saved" && "Saved"}
        {state.kind === "unsaved" && "Edited"}
        {state.kind === "saving" && "Saving…"}
        {state.kind === "conflict" && <span className="text-failed">Changed elsewhere</span>}
        {state.kind === "failed" && (
          <span className="text-failed">
            Not saved: {state.reason}{" "}
            <button type="button" onClick={onRetry} className="rounded-sm underline">
              Try again
            </button>
          </span>
        )}
      </span>
      <Dialog
        open={state.kind === "conflict"}
        onOpenChange={() => {}}
        title="This flow was changed elsewhere"
        description="Somebody saved it while you were editing. Reload to see that version and lose your latest changes, or overwrite it with yours."
        footer={
          <>
            <Button onClick={onReload}>Reload</Button>
            <Button variant="danger" onClick={onOverwrite}>
              Overwrite
            </Button>
          </>
        }
      />
    </>
  );
}
