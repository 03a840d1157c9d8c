"use client";

/** Which iteration of a body is shown: a list of them with how each fared, to be narrowed to what failed. */
import { ChevronDown, ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { IterationList, type IterationRow } from "@/components/iteration-list";
import { IconButton } from "@/components/icon-button";
import { Popover } from "@/components/popover";
import { StatusIcon } from "@/components/status-badge";
import { useEditorContext } from "../context";
import { framePath, type Level } from "../model/levels";
import type { OverlayState } from "../model/overlay";

type IterationSwitchProps = {
  level: Level;
  /** Which of its bodies. */
  depth: number;
  name: string;
  onOpen: (level: Level) => void;
};

export function IterationSwitch({ level, depth, name, onOpen }: IterationSwitchProps) {
  const { overlay } = useEditorContext();
  const [open, setOpen] = useState(false);
  const part = level[depth];
  const own = framePath(level.slice(0, depth + 1));
  const owner = own.slice(0, own.lastIndexOf("["));
  const total = useStore(overlay, ({ nodes }) => nodes[owner]?.iterations ?? 0);
  const status = useStore(overlay, ({ nodes }) => nodes[own]?.status ?? "pending");
  if (!part || total < 1 || (total === 1 && status === "pending")) return null;
  const go = (iteration: number) => {
    setOpen(false);
    onOpen([...level.slice(0, depth), { node: part.node, iteration }]);
  };
  return (
    <span className="flex items-center">
      <IconButton
        label="Previous iteration"
        icon={<ChevronLeft aria-hidden />}
        disabled={part.iteration === 0}
        onClick={() => go(part.iteration - 1)}
      />
      <Popover
        label={`Iterations of ${name}`}
        open={open}
        onOpenChange={setOpen}
        className="w-80 p-1"
        trigger={
          <button
            type="button"
            className="flex h-7 items-center gap-1.5 rounded-md border px-2 tabular-nums hover:bg-hover"
          >
            <StatusIcon status={status} />
            {part.iteration + 1} of {total}
            <ChevronDown aria-hidden className="size-3.5 text-muted" />
          </button>
        }
      >
        <List owner={owner} total={total} chosen={part.iteration} onChoose={go} />
      </Popover>
      <IconButton
        label="Next iteration"
        icon={<ChevronRight aria-hidden />}
        disabled={part.iteration >= total - 1}
        onClick={() => go(part.iteration + 1)}
      />
    </span>
  );
}

type ListProps = {
  owner: string;
  total: number;
  chosen: number;
  onChoose: (index: number) => void;
};

function List({ owner, total, chosen, onChoose }: ListProps) {
  const { overlay } = useEditorContext();
  const nodes = useStore(overlay, (state) => state.nodes);
  const rows = useMemo(() => rowsOf(nodes, owner, total), [nodes, owner, total]);
  return <IterationList rows={rows} chosen={chosen} onChoose={onChoose} className="max-h-80" />;
}

function rowsOf(nodes: OverlayState["nodes"], owner: string, total: number): IterationRow[] {
  return Array.from({ length: total }, (_, index) => {
    const node = nodes[`${owner}[${index}]`];
    return {
      index,
      status: node?.status ?? "pending",
      item: node?.input ?? null,
      startedAt: node?.startedAt ?? null,
      finishedAt: node?.finishedAt ?? null,
    };
  });
}
