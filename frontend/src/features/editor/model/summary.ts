/** The one line on a node that says what it does, in the user's own words. */
import { inOrder } from "@/lib/ordered";
import type { Config, FlowNode } from "./definition";
import { segments } from "./expressions";
import { readPath } from "./paths";

/** Names of stored things by their id, as far as they are loaded. */
export type Names = {
  agent: (id: string) => string | undefined;
  crew: (id: string) => string | undefined;
  flow?: (id: string) => string | undefined;
};

const writers: Record<string, (config: Config, names: Names) => string> = {
  input: (config) => {
    const fields = list(config.fields).map((field) => text(field.name));
    return fields.length > 0 ? `Asks for ${fields.join(", ")}` : "No inputs yet";
  },
  output: (config) => sentence("Returns", config),
  transform: (config) => sentence("Sets", config),
  agent: (config, names) => {
    const stored = text(config.agent_id);
    const who = stored
      ? (names.agent(stored) ?? "Stored agent")
      : text(readPath(config, ["agent", "role"]));
    return join(who, text(readPath(config, ["task", "description"])));
  },
  crew: (config, names) => {
    const stored = text(config.crew_id);
    if (stored) return names.crew(stored) ?? "Stored crew";
    const agents = list(readPath(config, ["crew", "agents"])).length;
    const tasks = list(readPath(config, ["crew", "tasks"])).length;
    return `${plural(agents, "agent")}, ${plural(tasks, "task")}`;
  },
  llm: (config) => join(text(config.model), text(config.prompt)),
  http_request: (config) =>
    text(config.url) && `${text(config.method) || "GET"} ${text(config.url)}`,
  map: (config) => text(config.items) && `For each of ${shortenTemplate(text(config.items))}`,
  loop: (config) => text(config.until) && `Until ${shortenPaths(text(config.until))}`,
  subflow: (config, names) => text(config.flow_id) && (names.flow?.(text(config.flow_id)) ?? ""),
  wait: (config) => {
    if (typeof config.seconds === "number") return `For ${formatSpan(config.seconds)}`;
    return text(config.until) ? `Until ${shortenTemplate(text(config.until))}` : "";
  },
  approval: (config) => shortenTemplate(text(config.title)),
  condition: (config) => {
    const cases = list(config.cases);
    const [first] = cases;
    if (!first || !text(first.when)) return "No branch has a condition yet";
    const rest = cases.length > 1 ? ` and ${cases.length - 1} more` : "";
    return `${text(first.handle)} when ${shortenPaths(text(first.when))}${rest}`;
  },
};

/** What the node does; the type's own description while its configuration says nothing. */
export function summarize(node: FlowNode, names: Names, fallback: string): string {
  return writers[node.type]?.(node.config, names) || fallback;
}

/** `Research {{ inputs.topic }}` as `Research {{topic}}`, on one line. */
export function shortenTemplate(template: string): string {
  return segments(template)
    .map((part) => (part.expression ? `{{${shortenPaths(part.text.trim())}}}` : part.text))
    .join("")
    .replace(/\s+/g, " ")
    .trim();
}

function shortenPaths(cel: string): string {
  return cel.replace(/\binputs\.(?=\w)/g, "").replace(/\bnodes\.(\w+)\.output\b/g, "$1");
}

const spans: [seconds: number, word: string][] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** 5400 as "90 minutes". */
function formatSpan(seconds: number): string {
  const [size, word] = spans.find(([unit]) => seconds >= unit && seconds % unit === 0) ?? [
    1,
    "second",
  ];
  return plural(seconds / size, word);
}

function sentence(verb: string, { values, order }: Config): string {
  const named = typeof values === "object" && values !== null ? values : {};
  const names = Object.keys(inOrder(named as Record<string, unknown>, order));
  return names.length > 0 ? `${verb} ${names.join(", ")}` : "";
}

function join(...parts: string[]): string {
  return parts.map(shortenTemplate).filter(Boolean).join(" · ");
}

function list(value: unknown): Config[] {
  return Array.isArray(value) ? (value as Config[]) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
