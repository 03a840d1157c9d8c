"use client";

/** What every node has besides its configuration: its id and its time-out. */
import { DurationInput } from "@/components/duration-input";
import { useEditor, useEditorStore } from "../context";
import type { FlowNode } from "../model/definition";
import { idRefusal } from "../model/edits";
import { CommitInput } from "./commit-input";
import { useForm } from "./form-context";
import { More } from "./more";
import { Setting } from "./setting";

export function NodeSettings({ node }: { node: FlowNode }) {
  const store = useEditorStore();
  const flow = useEditor((state) => state.flow);
  const waits = useEditor((state) => state.types.get(node.type)?.waits);
  const { write } = useForm();

  return (
    <More label="Settings">
      <Setting
        path={["id"]}
        label="Id"
        hint="The name of the node in expressions. When you change it, the expressions change too."
      >
        <CommitInput
          value={node.id}
          onCommit={(next) => store.getState().rename(node.id, next)}
          refuse={(next) => idRefusal(flow, node.id, next)}
        />
      </Setting>
      {(!waits || node.timeout_seconds != null) && (
        <Setting
          path={["timeout_seconds"]}
          label="Time-out"
          hint="Empty: no time-out of its own. The time-out of the execution still applies."
        >
          <DurationInput
            value={node.timeout_seconds}
            onChange={(value) => write(["timeout_seconds"], value)}
          />
        </Setting>
      )}
    </More>
  );
}
