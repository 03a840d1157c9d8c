"use client";

/** Above the canvas while a body is open: the way back up, and which iteration of an execution is shown. */
import { ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { goUp } from "../actions";
import { useEditor, useEditorContext } from "../context";
import { findNode, nodeName, type FlowDefinition } from "../model/definition";
import type { Level } from "../model/levels";
import { IterationSwitch } from "./iteration-switch";

type LevelBarProps = {
  /** What the flow itself is called. */
  flowName: string;
  /** Told where one goes; the store is moved without it. */
  onOpen?: (level: Level) => void;
};

export function LevelBar({ flowName, onOpen }: LevelBarProps) {
  const { store } = useEditorContext();
  const level = useEditor((state) => state.level);
  const flow = useEditor((state) => state.flow);
  if (level.length === 0) return null;
  const names = namesOf(flow);
  const go = (depth: number) => (onOpen ? onOpen(level.slice(0, depth)) : goUp(store, depth));
  return (
    <nav
      aria-label="Levels of the flow"
      className="flex h-9 shrink-0 items-center gap-1 overflow-x-auto border-b bg-surface px-3 whitespace-nowrap"
    >
      <Crumb label={flowName} onClick={() => go(0)} />
      {level.map((part, index) => (
        <Fragment key={index}>
          <ChevronRight aria-hidden className="size-3.5 shrink-0 text-muted" />
          {index === level.length - 1 ? (
            <span aria-current="page" className="px-1 font-medium">
              {names[index]}
            </span>
          ) : (
            <Crumb label={names[index] ?? part.node} onClick={() => go(index + 1)} />
          )}
          <IterationSwitch
            level={level}
            depth={index}
            name={names[index] ?? part.node}
            onOpen={onOpen ?? store.getState().open}
          />
        </Fragment>
      ))}
    </nav>
  );
}

function Crumb({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="h-7 max-w-60 truncate rounded-sm px-1 text-muted hover:bg-hover hover:text-text"
    >
      {label}
    </button>
  );
}

/** The names of the nodes whose bodies lie around, the outermost first. */
function namesOf(flow: FlowDefinition): string[] {
  if (!flow.outer) return [];
  const { flow: around, owner } = flow.outer;
  return [...namesOf(around), nodeName(findNode(around, owner.id) ?? owner)];
}
