"use client";

/** The node types at the left: found by typing, added by dragging, clicking or Enter. */
import { useReactFlow } from "@xyflow/react";
import { PanelLeftClose, PanelLeftOpen, Search } from "lucide-react";
import { memo, useState, type DragEvent, type ReactNode } from "react";
import { IconButton } from "@/components/icon-button";
import { Input } from "@/components/input";
import { cn } from "@/lib/cn";
import { ranked } from "@/lib/search";
import { useStored } from "@/lib/stored";
import { add, fullReason } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { belongs } from "../model/edits";
import type { NodeTypeInfo } from "../model/node-types";
import { NodeIcon } from "../node-icon";
import { foundBy, grouped } from "./groups";

/** What a dragged node type is called on the clipboard of the drag. */
export const DRAG_TYPE = "application/watchbill-node";

/** Folded it leaves its room to the canvas; whether it is, is remembered. */
export const Palette = memo(function Palette() {
  const [folded, setFolded] = useStored<boolean>("palette.folded", false);
  const fold = (
    <IconButton
      label={folded ? "Show the node types" : "Hide the node types"}
      side="right"
      icon={folded ? <PanelLeftOpen aria-hidden /> : <PanelLeftClose aria-hidden />}
      aria-expanded={!folded}
      onClick={() => setFolded(!folded)}
      className="text-muted"
    />
  );
  if (!folded) return <Opened fold={fold} />;
  return (
    <section
      aria-label="Node types"
      className="flex h-full shrink-0 flex-col border-r bg-surface p-1 max-md:hidden"
    >
      {fold}
    </section>
  );
});

function Opened({ fold }: { fold: ReactNode }) {
  const [search, setSearch] = useState("");
  const types = useEditor((state) => state.types);
  // Which types belong here changes with the level only, not with each letter of an edit.
  const kinds = useEditor(({ flow, types }) =>
    [...types.values()].flatMap((type) => (belongs(flow, type) ? type.kind : [])).join(" "),
  ).split(" ");
  const fitting = [...types.values()].filter((type) => kinds.includes(type.kind));
  const groups = grouped(ranked(fitting, search, foundBy), search.trim() !== "");
  return (
    <section
      aria-label="Node types"
      className="flex h-full w-52 shrink-0 flex-col border-r bg-surface max-md:hidden"
    >
      <div className="flex items-center gap-1 p-2 pr-1">
        <div className="relative min-w-0 flex-1">
          <Search
            aria-hidden
            className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted"
          />
          <Input
            type="search"
            aria-label="Search node types"
            placeholder="Search nodes"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            className="pl-8"
          />
        </div>
        {fold}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {groups.map(({ group, title, items }) => (
          <div key={group} className="mb-2">
            <h2 className="px-1.5 py-1 text-xs font-medium text-muted">{title}</h2>
            <ul>
              {items.map((type) => (
                <li key={type.kind}>
                  <Entry type={type} />
                </li>
              ))}
            </ul>
          </div>
        ))}
        {groups.length === 0 && <p className="px-1.5 py-2 text-muted">No node type matches.</p>}
      </div>
    </section>
  );
}

function Entry({ type }: { type: NodeTypeInfo }) {
  const store = useEditorStore();
  const { screenToFlowPosition } = useReactFlow();
  const full = useEditor((state) => fullReason(state.flow, type));

  function onDragStart(event: DragEvent) {
    event.dataTransfer.setData(DRAG_TYPE, type.kind);
    event.dataTransfer.effectAllowed = "copy";
  }
  /** In the middle of what is seen. */
  function onClick() {
    const box = document.querySelector(".wb-canvas")?.getBoundingClientRect();
    const middle = box ? { x: box.x + box.width / 2 - 120, y: box.y + box.height / 2 - 40 } : null;
    add(store, type.kind, { position: middle ? screenToFlowPosition(middle) : { x: 0, y: 0 } });
  }
  return (
    <button
      type="button"
      draggable={full === null}
      disabled={full !== null}
      title={full ?? type.description}
      onDragStart={onDragStart}
      onClick={onClick}
      className={cn(
        "flex h-9 w-full items-center gap-2 rounded-md px-1.5 text-left transition-colors hover:bg-hover",
        full ? "cursor-not-allowed opacity-50" : "cursor-grab",
      )}
    >
      <NodeIcon type={type} className="size-6 [&_svg]:size-3.5" />
      <span className="truncate">{type.title}</span>
    </button>
  );
}
