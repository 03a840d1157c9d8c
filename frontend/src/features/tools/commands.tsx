"use client";

/** What the command palette offers about tools: each by its name, and a new one. */
import { Plus, Wrench } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useCan } from "@/features/auth";
import { useCommands, usePaletteOpen } from "@/features/shell";
import { useAllTools } from "./api";
import { TOOLS_PATH, toolHref } from "./links";

export function ToolCommands() {
  const router = useRouter();
  const writes = useCan("tools:write");
  const { data: tools } = useAllTools(usePaletteOpen());

  const actions = useMemo(() => {
    if (!writes) return [];
    const run = () => router.push(`${TOOLS_PATH}?new=1`);
    return [
      { id: "tool.new", label: "New tool", group: "Actions", icon: <Plus aria-hidden />, run },
    ];
  }, [writes, router]);
  useCommands(actions);

  const places = useMemo(
    () =>
      (tools ?? []).map(({ id, name, description }) => ({
        id: `tool.${id}`,
        label: name,
        group: "Tools",
        keywords: [description],
        icon: <Wrench aria-hidden />,
        run: () => router.push(toolHref(id)),
      })),
    [tools, router],
  );
  useCommands(places);
  return null;
}
