"use client";

/** What a node did on its way: tasks of its crew, calls to models, calls to tools, log lines. */
import { useState, type ReactNode } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { Duration, Money, Tokens } from "@/components/measures";
import { PlainText } from "@/components/plain-text";
import { StatusIcon } from "@/components/status-badge";
import { cn } from "@/lib/cn";
import type { Json, LlmCall, LogLine, TaskState, ToolCall } from "@/lib/events";
import { formatDuration } from "@/lib/format";
import { Failure } from "./failure";
import { FoldOut } from "./fold-out";
import { StreamText } from "./stream-text";
import { ValueView } from "./value-view";
import { writeJson } from "@/lib/json";

function List({ title, count, children }: { title: string; count: number; children: ReactNode }) {
  if (count === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className="flex h-8 items-center gap-1.5 text-xs font-medium text-muted">
        {title}
        <span className="tabular-nums">{count}</span>
      </h3>
      <div className="border-t">{children}</div>
    </section>
  );
}

function Name({ children, note }: { children: ReactNode; note?: string | null }) {
  return (
    <span className="min-w-0 flex-1 truncate">
      {children}
      {note && <span className="ml-1.5 text-xs text-muted">{note}</span>}
    </span>
  );
}

export function LlmCalls({ calls }: { calls: LlmCall[] }) {
  return (
    <List title="Model calls" count={calls.length}>
      {calls.map((call) => (
        <FoldOut key={call.call_id} head={<CallHead call={call} />}>
          <CallBody call={call} />
        </FoldOut>
      ))}
    </List>
  );
}

function CallHead({ call }: { call: LlmCall }) {
  const { status, model, agent, attempt, usage, priced, started_at, duration_ms } = call;
  const running = status === "running";
  return (
    <>
      <StatusIcon status={status} />
      <Name note={agent}>{model || "Model"}</Name>
      {attempt > 1 && <Badge>attempt {attempt}</Badge>}
      <span className="flex gap-3 text-xs text-muted">
        {usage && <Tokens value={usage.total_tokens} />}
        {usage && (priced ? <Money value={usage.cost_usd} /> : <span>no price</span>)}
        <Duration from={running ? started_at : null} ms={duration_ms} />
      </span>
    </>
  );
}

function CallBody({ call }: { call: LlmCall }) {
  const { provider, messages, text, tool_calls, finish_reason, usage, failovers, error } = call;
  const facts = [
    provider && `Provider ${provider}`,
    usage && `${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`,
    finish_reason && `finish reason ${finish_reason}`,
  ];
  return (
    <>
      <p className="text-xs text-muted">{facts.filter(Boolean).join(", ")}</p>
      {failovers.map(({ from, to, reason }, index) => (
        <p key={index} className="text-xs text-waiting">
          {from} did not answer ({reason}); {to} took over.
        </p>
      ))}
      {error && <Failure error={error} />}
      {messages.length > 0 && <Messages messages={messages} />}
      {text.length > 0 && (
        <StreamText label="Answer" text={text} live={call.status === "running"} />
      )}
      {tool_calls.length > 0 && <ValueView title="Asked for tools" value={tool_calls} />}
    </>
  );
}

/** Chat messages read as a dialogue; anything else as it is. */
function Messages({ messages }: { messages: Json[] }) {
  return (
    <div className="flex flex-col gap-2">
      {messages.map((message, index) => {
        const { role, content } = asMessage(message);
        return (
          <div key={index} className="border-l-2 pl-2">
            <p className="text-xs font-medium text-muted">{role}</p>
            {typeof content === "string" ? (
              <PlainText text={content} />
            ) : (
              <ValueView title="Content" value={content} />
            )}
          </div>
        );
      })}
    </div>
  );
}

function asMessage(message: Json): { role: string; content: Json } {
  if (message === null || typeof message !== "object" || Array.isArray(message)) {
    return { role: "message", content: message };
  }
  const { role, content, ...rest } = message;
  const said = content === undefined || content === null ? rest : content;
  return { role: typeof role === "string" ? role : "message", content: said };
}

export function ToolCalls({ tools }: { tools: ToolCall[] }) {
  return (
    <List title="Tool calls" count={tools.length}>
      {tools.map((tool) => (
        <FoldOut
          key={tool.call_id}
          head={
            <>
              <StatusIcon status={tool.status} />
              <Name note={tool.agent}>{tool.tool}</Name>
              <Duration
                from={tool.status === "running" ? tool.started_at : null}
                ms={tool.duration_ms}
                className="text-xs text-muted"
              />
            </>
          }
        >
          {tool.error && <Failure error={tool.error} />}
          <ValueView title="Arguments" value={tool.arguments} />
          {tool.printed.length > 0 && (
            <div>
              <p className="mb-1 text-xs text-muted">Printed</p>
              <StreamText label="Printed" text={tool.printed} live={tool.status === "running"} />
            </div>
          )}
          {tool.status === "completed" && <ValueView title="Answer" value={tool.output} />}
        </FoldOut>
      ))}
    </List>
  );
}

export function Tasks({ tasks }: { tasks: TaskState[] }) {
  return (
    <List title="Tasks" count={tasks.length}>
      {tasks.map((task, index) => (
        <FoldOut
          key={index}
          head={
            <>
              <StatusIcon status={task.status} />
              <Name note={task.agent}>{task.task}</Name>
              <Duration
                from={task.status === "cancelled" ? null : task.started_at}
                to={task.finished_at}
                className="text-xs text-muted"
              />
            </>
          }
        >
          {task.status === "completed" ? (
            <ValueView title="Output" value={task.output} />
          ) : (
            <p className="text-muted">No output yet.</p>
          )}
        </FoldOut>
      ))}
    </List>
  );
}

const levels = {
  debug: "text-muted",
  info: "text-muted",
  warning: "text-waiting",
  error: "text-failed",
};

/** So many of the latest lines are shown at first, and more with each click. */
const LINES = 500;

/** `begin`: the time of the execution's start, from which the lines count. */
export function LogLines({ logs, begin }: { logs: LogLine[]; begin: string | null }) {
  const [most, setMost] = useState(LINES);
  const earlier = Math.max(0, logs.length - most);
  return (
    <List title="Log" count={logs.length}>
      {earlier > 0 && (
        <Button size="sm" variant="ghost" onClick={() => setMost(most + LINES)}>
          Show earlier lines ({earlier} left)
        </Button>
      )}
      <ul className="py-1 font-mono text-xs">
        {logs.slice(earlier).map((line) => (
          <li key={line.seq} className="flex gap-2 py-0.5">
            <span className="w-16 shrink-0 text-right text-muted tabular-nums">
              {begin ? formatDuration(Date.parse(line.timestamp) - Date.parse(begin)) : ""}
            </span>
            <span className={cn("w-14 shrink-0", levels[line.level])}>{line.level}</span>
            <span className="min-w-0 break-words whitespace-pre-wrap">
              {line.message}
              {Object.keys(line.details).length > 0 && (
                <span className="text-muted"> {writeJson(line.details)}</span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </List>
  );
}
