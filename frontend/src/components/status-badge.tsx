/** The status of an execution or a node: an icon and a word, never colour alone. */
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleX,
  Hourglass,
  LoaderCircle,
  SkipForward,
  type LucideIcon,
} from "lucide-react";
import { cn } from "@/lib/cn";
import { Badge } from "./badge";

export type Status =
  "pending" | "running" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";

type Looks = {
  word: string;
  icon: LucideIcon;
  tone: "neutral" | "running" | "waiting" | "completed" | "failed";
  text: string;
};

export const statusLooks: Record<Status, Looks> = {
  pending: { word: "Pending", icon: CircleDashed, tone: "neutral", text: "text-idle" },
  running: { word: "Running", icon: LoaderCircle, tone: "running", text: "text-running" },
  waiting: { word: "Waiting", icon: Hourglass, tone: "waiting", text: "text-waiting" },
  completed: { word: "Completed", icon: CircleCheck, tone: "completed", text: "text-completed" },
  failed: { word: "Failed", icon: CircleX, tone: "failed", text: "text-failed" },
  skipped: { word: "Skipped", icon: SkipForward, tone: "neutral", text: "text-idle" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "neutral", text: "text-idle" },
};

export function StatusBadge({ status, className }: { status: Status; className?: string }) {
  const { word, tone } = statusLooks[status];
  return (
    <Badge tone={tone} className={className}>
      <StatusGlyph status={status} />
      {word}
    </Badge>
  );
}

/** Only the icon, for tight places; with `labelled` it carries the word for screen readers. */
export function StatusIcon({ status, labelled = true }: { status: Status; labelled?: boolean }) {
  const { word, text } = statusLooks[status];
  return (
    <span title={labelled ? word : undefined} className={cn("inline-flex align-middle", text)}>
      <StatusGlyph status={status} />
      {labelled && <span className="sr-only">{word}</span>}
    </span>
  );
}

function StatusGlyph({ status }: { status: Status }) {
  const Icon = statusLooks[status].icon;
  return <Icon aria-hidden className={cn("size-3.5", status === "running" && "animate-spin")} />;
}
