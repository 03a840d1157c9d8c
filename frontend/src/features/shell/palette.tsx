"use client";

/** Ctrl-K: every page and every action that is offered, by typing. */
import { Command } from "cmdk";
import { Search } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { Dialog } from "radix-ui";
import { useEffect, useMemo } from "react";
import { Kbd } from "@/components/kbd";
import { itemClass } from "@/components/menu";
import { Tooltip } from "@/components/tooltip";
import { fitOf } from "@/lib/search";
import {
  setPaletteOpen,
  useAllCommands,
  useCommands,
  usePaletteOpen,
  type Command as Entry,
} from "./commands";
import { allPages } from "./pages";
import { themes } from "./person-menu";

export function Palette() {
  const open = usePaletteOpen();
  useCommands(useShellCommands());
  const commands = useAllCommands();
  const groups = [...new Set(commands.map((command) => command.group))].sort(
    (one, other) => rank(one) - rank(other),
  );

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setPaletteOpen(!open);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [open]);

  function run(command: Entry) {
    setPaletteOpen(false);
    command.run();
  }
  return (
    <>
      <PaletteButton onClick={() => setPaletteOpen(true)} />
      <Dialog.Root open={open} onOpenChange={setPaletteOpen}>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-overlay" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed top-[16vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-140 -translate-x-1/2 overflow-hidden rounded-md border bg-raised shadow-float outline-none"
          >
            <Dialog.Title className="sr-only">Commands</Dialog.Title>
            <Command loop label="Commands" filter={(id, search) => fit(commands, id, search)}>
              <Command.Input
                placeholder="Go to a page or do something"
                className="h-11 w-full border-b bg-transparent px-4 text-base outline-none"
              />
              <Command.List className="max-h-[min(50vh,24rem)] overflow-y-auto p-1">
                <Command.Empty className="px-3 py-6 text-center text-muted">
                  Nothing matches. Try another word.
                </Command.Empty>
                {groups.map((group) => (
                  <Command.Group key={group} heading={group} className={groupClass}>
                    {commands
                      .filter((command) => command.group === group)
                      .map((command) => (
                        <Row key={command.id} command={command} onSelect={() => run(command)} />
                      ))}
                  </Command.Group>
                ))}
              </Command.List>
            </Command>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
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

function PaletteButton({ onClick }: { onClick: () => void }) {
  return (
    <Tooltip label="Search" keys={["Ctrl", "K"]} className="xl:hidden">
      <button
        type="button"
        onClick={onClick}
        className="flex h-8 items-center gap-2 rounded-md px-2 text-muted hover:bg-hover hover:text-text"
      >
        <Search aria-hidden className="size-4" />
        <span className="max-xl:sr-only">Search</span>
        <span className="max-xl:hidden">
          <Kbd keys={["Ctrl", "K"]} />
        </span>
      </button>
    </Tooltip>
  );
}

function useShellCommands(): Entry[] {
  const router = useRouter();
  const { setTheme } = useTheme();
  return useMemo(
    () => [
      ...allPages.map(({ href, label, icon: Icon }) => ({
        id: `go.${href}`,
        label,
        group: "Go to",
        icon: <Icon aria-hidden />,
        run: () => router.push(href),
      })),
      ...themes.map(({ value, label, icon }) => ({
        id: `theme.${value}`,
        label: `Theme: ${label.toLowerCase()}`,
        group: "Appearance",
        icon,
        keywords: ["colour", "mode"],
        run: () => setTheme(value),
      })),
    ],
    [router, setTheme],
  );
}
