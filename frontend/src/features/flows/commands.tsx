"use client";

/** What the command palette offers about flows: each by its name, and a new one. */
import { useQuery } from "@tanstack/react-query";
import { Plus, Shapes, Workflow } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useCan } from "@/features/auth";
import { useCommands, usePaletteOpen } from "@/features/shell";
import { api } from "@/lib/api/client";
import { listAll } from "@/lib/api/lists";
import { useCreateFlow } from "./api";
import { EXAMPLES_PATH, flowHref } from "./links";

export function FlowCommands() {
  const router = useRouter();
  const writes = useCan("flows:write");
  const { mutate: create } = useCreateFlow();
  const { data: flows } = useQuery({
    queryKey: ["palette", "flows"],
    enabled: usePaletteOpen(),
    queryFn: () => listAll((query) => api.GET("/api/v1/flows", { params: { query } })),
  });

  const actions = useMemo(() => {
    if (!writes) return [];
    return [
      {
        id: "flow.new",
        label: "New flow",
        group: "Actions",
        icon: <Plus aria-hidden />,
        run: () => create(undefined),
      },
      {
        id: "flow.example",
        label: "Start from an example",
        group: "Actions",
        icon: <Shapes aria-hidden />,
        run: () => router.push(EXAMPLES_PATH),
      },
    ];
  }, [writes, create, router]);
  useCommands(actions);

  const places = useMemo(
    () =>
      (flows ?? []).map(({ id, name }) => ({
        id: `flow.${id}`,
        label: name,
        group: "Flows",
        icon: <Workflow aria-hidden />,
        run: () => router.push(flowHref(id)),
      })),
    [flows, router],
  );
  useCommands(places);
  return null;
}
