/** The lucide icons that node types name; an unknown name gets a plain box. */
import {
  Bot,
  Box,
  Braces,
  Clock,
  Code,
  Container,
  Database,
  Globe,
  Hourglass,
  Layers,
  LogIn,
  LogOut,
  Mail,
  MessageSquareText,
  Repeat,
  Search,
  Split,
  StickyNote,
  UserCheck,
  Users,
  Workflow,
  Wrench,
  type LucideIcon,
} from "lucide-react";

const icons: Record<string, LucideIcon> = {
  bot: Bot,
  braces: Braces,
  clock: Clock,
  code: Code,
  container: Container,
  database: Database,
  globe: Globe,
  hourglass: Hourglass,
  layers: Layers,
  "log-in": LogIn,
  "log-out": LogOut,
  mail: Mail,
  "message-square-text": MessageSquareText,
  repeat: Repeat,
  search: Search,
  split: Split,
  "sticky-note": StickyNote,
  "user-check": UserCheck,
  users: Users,
  workflow: Workflow,
  wrench: Wrench,
};

export function iconOf(name: string | undefined): LucideIcon {
  return icons[name ?? ""] ?? Box;
}
