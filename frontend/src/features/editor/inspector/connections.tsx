"use client";

/** What follows a node, port by port: connections made and removed without a mouse. */
import { ArrowRight, X } from "lucide-react";
import { useMemo } from "react";
import { Combobox } from "@/components/combobox";
import { IconButton } from "@/components/icon-button";
import { join } from "../actions";
import { useEditor, useEditorContext, useEditorStore } from "../context";
import { followers } from "../model/connect";
import { handleOf, nodeName, type FlowDefinition, type FlowNode } from "../model/definition";
import { remove } from "../model/edits";
import { portsOf } from "../model/node-types";
import type { EditorStore } from "../store";

export function Connections({ node }: { node: FlowNode }) {
  const { store, readOnly } = useEditorContext();
  const flow = useEditor((state) => state.flow);
  const types = useEditor((state) => state.types);
  const ports = portsOf(node, types);
  if (ports.length === 0) return null;
  return (
    <>
      <hr />
      <section aria-label="Connections" className="flex flex-col gap-2">
        <h3 className="font-medium">Next</h3>
        {ports.map(({ handle }) => (
          <div key={handle ?? ""} data-port className="flex flex-col gap-1">
            {(handle !== null || ports.length > 1) && (
              <p className="text-xs text-muted">{handle ?? "then"}</p>
            )}
            {following(flow, node.id, handle).map(({ edge, target }) => (
              <div key={edge.id} className="flex h-7 items-center gap-1.5 pl-1">
                <ArrowRight aria-hidden className="size-3.5 shrink-0 text-muted" />
                <button
                  type="button"
                  onClick={() => goTo(store, target.id)}
                  className="min-w-0 flex-1 truncate rounded-sm text-left hover:underline"
                >
                  {nodeName(target)}
                </button>
                {!readOnly && (
                  <IconButton
                    label={`Disconnect ${nodeName(target)}`}
                    icon={<X aria-hidden />}
                    onClick={({ currentTarget }) => {
                      // Its row goes: what stands below goes on from here.
                      const port = currentTarget.closest("[data-port]");
                      port?.querySelector<HTMLElement>("button[role=combobox]")?.focus();
                      store
                        .getState()
                        .edit((before) => remove(before, new Set(), new Set([edge.id])));
                    }}
                  />
                )}
              </div>
            ))}
            {!readOnly && <ConnectTo node={node} handle={handle} />}
          </div>
        ))}
      </section>
    </>
  );
}

/** Chooses a node that follows and puts the caret into its form, which takes the place of this one. */
function goTo(store: EditorStore, id: string): void {
  store.getState().select([id]);
  store.getState().setFocus({ nodeId: id, field: null });
}

function ConnectTo({ node, handle }: { node: FlowNode; handle: string | null }) {
  const store = useEditorStore();
  const flow = useEditor((state) => state.flow);
  const types = useEditor((state) => state.types);
  const options = useMemo(
    () =>
      followers(flow, { source: node.id, handle }, types).map((other) => ({
        value: other.id,
        label: nodeName(other),
        hint: other.type,
      })),
    [flow, node.id, handle, types],
  );
  return (
    <Combobox
      aria-label={handle === null ? "Connect to" : `Connect ${handle} to`}
      options={options}
      value={undefined}
      placeholder={options.length === 0 ? "No node can follow here" : "Connect to…"}
      empty="There is no node to connect to."
      onChange={(target) => join(store, { source: node.id, target, handle })}
    />
  );
}

function following(flow: FlowDefinition, id: string, handle: string | null) {
  return flow.edges.flatMap((edge) => {
    if (edge.source !== id || handleOf(edge) !== handle) return [];
    const target = flow.nodes.find((node) => node.id === edge.target);
    return target ? [{ edge, target }] : [];
  });
}
