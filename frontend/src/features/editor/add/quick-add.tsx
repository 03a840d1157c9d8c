"use client";

/** A short list of node types that opens where the new node will stand. */
import { Command } from "cmdk";
import { itemClass } from "@/components/menu";
import { Popover } from "@/components/popover";
import { fitOf } from "@/lib/search";
import { add } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { room } from "../model/edits";
import { NodeIcon } from "../node-icon";
import { foundBy, grouped } from "./groups";

export function QuickAdd() {
  const store = useEditorStore();
  const target = useEditor((state) => state.adding);
  const types = useEditor((state) => state.types);
  const flow = useEditor((state) => state.flow);
  const { setAdding } = store.getState();
  if (!target) return null;
  const leads = Boolean(target.edge || target.from);
  const fitting = [...types.values()].filter(
    (type) => room(flow, type) > 0 && (type.accepts_input || !leads),
  );

  function choose(kind: string) {
    if (target) add(store, kind, target);
    setAdding(null);
  }
  // The list hangs on an invisible point; it takes the focus itself.
  const point = (
    <button
      type="button"
      aria-hidden
      tabIndex={-1}
      className="pointer-events-none fixed size-0"
      style={{ left: target.at.x, top: target.at.y }}
    />
  );
  return (
    <Popover
      label="Add a node"
      trigger={point}
      open
      onOpenChange={(open) => !open && setAdding(null)}
      className="w-64 p-0"
    >
      <Command
        label="Add a node"
        filter={(kind, search) => {
          const type = types.get(kind);
          return type ? fitOf(foundBy(type), search) : 0;
        }}
      >
        <Command.Input
          placeholder="Add a node"
          aria-label="Search node types"
          className="h-9 w-full border-b bg-transparent px-3 outline-none"
        />
        <Command.List className="max-h-80 overflow-y-auto p-1">
          <Command.Empty className="px-2 py-3 text-muted">No node type matches.</Command.Empty>
          {grouped(fitting).map(({ group, title, items }) => (
            <Command.Group
              key={group}
              heading={title}
              className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
            >
              {items.map((type) => (
                <Command.Item
                  key={type.kind}
                  value={type.kind}
                  onSelect={() => choose(type.kind)}
                  className={itemClass}
                >
                  <NodeIcon type={type} className="size-6 [&_svg]:size-3.5" />
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{type.title}</span>
                    <span className="block truncate text-xs text-muted">{type.description}</span>
                  </span>
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
    </Popover>
  );
}
