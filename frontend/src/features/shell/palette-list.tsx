"use client";

/** What the command palette offers, found by typing. */
import { Command } from "cmdk";
import { Kbd } from "@/components/kbd";
import { itemClass } from "@/components/menu";
import { fitOf } from "@/lib/search";
import type { Command as Entry } from "./commands";

type PaletteListProps = { commands: readonly Entry[]; onRun: (command: Entry) => void };

export default function PaletteList({ commands, onRun }: PaletteListProps) {
  const groups = [...new Set(commands.map((command) => command.group))].sort(
    (one, other) => rank(one) - rank(other),
  );
  return (
    <Command loop label="Commands" filter={(id, search) => fit(commands, id, search)}>
      <Command.Input
        autoFocus
        placeholder="Search pages and actions"
        className="h-11 w-full border-b bg-transparent px-4 text-base outline-none"
      />
      <Command.List className="max-h-[min(50vh,24rem)] overflow-y-auto p-1">
        <Command.Empty className="px-3 py-6 text-center text-muted">
          No matches. Try another word.
        </Command.Empty>
        {groups.map((group) => (
          <Command.Group key={group} heading={group} className={groupClass}>
            {commands
              .filter((command) => command.group === group)
              .map((command) => (
                <Row key={command.id} command={command} onSelect={() => onRun(command)} />
              ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}

/** Actions and pages first: the names of things are found by typing. */
const order = ["Actions", "Go to", "Appearance"];

function rank(group: string): number {
  const at = order.indexOf(group);
  return at === -1 ? order.length : at;
}

/** By what it is called, not by its id. */
function fit(commands: readonly Entry[], id: string, search: string): number {
  const found = commands.find((command) => command.id === id);
  if (!found) return 0;
  return fitOf({ name: found.label, words: found.keywords, text: found.group }, search);
}

const groupClass =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted";

function Row({ command, onSelect }: { command: Entry; onSelect: () => void }) {
  return (
    <Command.Item value={command.id} onSelect={onSelect} className={itemClass}>
      {command.icon}
      <span className="min-w-0 flex-1 truncate">{command.label}</span>
      {command.keys && <Kbd keys={command.keys} />}
    </Command.Item>
  );
}
