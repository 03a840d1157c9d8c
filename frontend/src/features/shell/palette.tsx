"use client";

/** Ctrl-K: every page and every action that is offered, by typing. */
import { Search } from "lucide-react";
import { lazily } from "@/components/lazily";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { Dialog } from "radix-ui";
import { useEffect, useMemo } from "react";
import { Kbd } from "@/components/kbd";
import { Tooltip } from "@/components/tooltip";
import {
  setPaletteOpen,
  useAllCommands,
  useCommands,
  usePaletteOpen,
  type Command as Entry,
} from "./commands";
import { allPages } from "./pages";
import { themes } from "./person-menu";

/** Loaded when it is opened first. */
const PaletteList = lazily(() => import("./palette-list").then((it) => it.default));

export function Palette() {
  const open = usePaletteOpen();
  useCommands(useShellCommands());
  const commands = useAllCommands();

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
            <PaletteList commands={commands} onRun={run} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
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
