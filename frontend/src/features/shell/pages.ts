/** The pages of the left rail, in its order. */
import type { ComponentType } from "react";
import {
  Bot,
  Cpu,
  House,
  Inbox,
  Play,
  Settings,
  Users,
  Workflow,
  Wrench,
  type LucideIcon,
} from "lucide-react";

import { OpenQuestions } from "./open-questions";

export type ShellPage = {
  href: string;
  label: string;
  icon: LucideIcon;
  /** A count beside its name. */
  badge?: ComponentType<{ folded: boolean }>;
};

/** In groups; a space divides them. */
export const railGroups: ShellPage[][] = [
  [
    { href: "/", label: "Home", icon: House },
    { href: "/flows/", label: "Flows", icon: Workflow },
    { href: "/executions/", label: "Executions", icon: Play },
    { href: "/inbox/", label: "Inbox", icon: Inbox, badge: OpenQuestions },
  ],
  [
    { href: "/agents/", label: "Agents", icon: Bot },
    { href: "/crews/", label: "Crews", icon: Users },
    { href: "/tools/", label: "Tools", icon: Wrench },
    { href: "/models/", label: "Models", icon: Cpu },
  ],
];

export const settingsPage: ShellPage = { href: "/settings/", label: "Settings", icon: Settings };

export const allPages: ShellPage[] = [...railGroups.flat(), settingsPage];

/** Pages that are one large picture: the rail begins folded there, and is folded apart from elsewhere. */
const roomyPages = ["/flows/edit/"];

export function isRoomy(pathname: string): boolean {
  return roomyPages.some((page) => isCurrent(page, pathname));
}

/** Whether the rail shows `href` as the place one is at. */
export function isCurrent(href: string, pathname: string): boolean {
  const path = pathname.endsWith("/") ? pathname : `${pathname}/`;
  return href === "/" ? path === "/" : path.startsWith(href);
}
