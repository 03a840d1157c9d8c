"use client";

/** What the command palette offers about models. */
import { Cpu, FlaskConical } from "lucide-react";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useCan } from "@/features/auth";
import { useCommands } from "@/features/shell";
import { useDemoModel } from "./api";
import { NEW_MODEL_PATH } from "./links";

export function ModelCommands() {
  const router = useRouter();
  const writes = useCan("providers:write");
  const { mutate: addDemo } = useDemoModel();
  const actions = useMemo(() => {
    if (!writes) return [];
    return [
      {
        id: "model.new",
        label: "Add a provider",
        group: "Actions",
        keywords: ["model", "connect", "key"],
        icon: <Cpu aria-hidden />,
        run: () => router.push(NEW_MODEL_PATH),
      },
      {
        id: "model.demo",
        label: "Use the demo model",
        group: "Actions",
        keywords: ["scripted", "try"],
        icon: <FlaskConical aria-hidden />,
        run: () => addDemo(),
      },
    ];
  }, [writes, addDemo, router]);
  useCommands(actions);
  return null;
}
