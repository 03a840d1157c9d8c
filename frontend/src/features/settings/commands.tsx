"use client";

/** What the command palette offers of the settings: each page that the person may see. */
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { useSession } from "@/features/auth";
import { useCommands } from "@/features/shell";
import { settingsGroups } from "./pages";

export function SettingsCommands() {
  const router = useRouter();
  const { data } = useSession();
  const may = data?.permissions;
  const commands = useMemo(
    () =>
      settingsGroups
        .flatMap(({ pages }) => pages)
        .filter(({ needs }) => may?.includes(needs))
        .map(({ href, label, icon: Icon }) => ({
          id: `settings${href}`,
          label,
          group: "Settings",
          keywords: ["settings"],
          icon: <Icon aria-hidden />,
          run: () => router.push(href),
        })),
    [may, router],
  );
  useCommands(commands);
  return null;
}
