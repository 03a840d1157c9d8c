"use client";

/** What the command palette offers about agents: each by its name, and a new one. */
import { Bot, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useCan } from "@/features/auth";
import { useCommands, usePaletteOpen } from "@/features/shell";
import { useAllAgents } from "./api";
import { AGENTS_PATH, agentHref } from "./links";

export function AgentCommands() {
  const router = useRouter();
  const writes = useCan("agents:write");
  const { data: agents } = useAllAgents(usePaletteOpen());

  const actions = useMemo(() => {
    if (!writes) return [];
    const run = () => router.push(`${AGENTS_PATH}?new=1`);
    return [
      { id: "agent.new", label: "New agent", group: "Actions", icon: <Plus aria-hidden />, run },
    ];
  }, [writes, router]);
  useCommands(actions);

  const places = useMemo(
    () =>
      (agents ?? []).map(({ id, name, role }) => ({
        id: `agent.${id}`,
        label: name,
        group: "Agents",
        keywords: [role],
        icon: <Bot aria-hidden />,
        run: () => router.push(agentHref(id)),
      })),
    [agents, router],
  );
  useCommands(places);
  return null;
}
