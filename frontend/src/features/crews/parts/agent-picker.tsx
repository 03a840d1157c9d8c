"use client";

/** The agents of a crew: chosen ones as rows, and a search box that adds another. */
import { Bot, X } from "lucide-react";
import { Combobox } from "@/components/combobox";
import type { ControlAria } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { IconTile } from "@/components/icon-tile";
import type { Agent } from "@/features/agents";

type AgentPickerProps = ControlAria & {
  agents: Agent[];
  value: string[];
  onChange: (ids: string[]) => void;
  disabled?: boolean;
};

export function AgentPicker({ agents, value, onChange, disabled, ...aria }: AgentPickerProps) {
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const others = agents.filter(({ id }) => !value.includes(id));
  return (
    <div className="flex flex-col gap-2">
      {value.length > 0 && (
        <ul className="flex flex-col gap-1">
          {value.map((id) => (
            <li key={id} className="flex items-center gap-2 rounded-md border py-1 pr-1 pl-2">
              <IconTile group="agents" className="size-6">
                <Bot />
              </IconTile>
              <span className="min-w-0 flex-1 truncate">
                <span className="font-medium">{byId.get(id)?.name ?? "…"}</span>
                <span className="ml-2 text-muted">{byId.get(id)?.role}</span>
              </span>
              {!disabled && (
                <IconButton
                  label={`Remove ${byId.get(id)?.name ?? "the agent"}`}
                  icon={<X aria-hidden />}
                  onClick={() => onChange(value.filter((other) => other !== id))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {!disabled && (
        <Combobox
          {...aria}
          options={others.map(({ id, name, role }) => ({ value: id, label: name, hint: role }))}
          value={undefined}
          placeholder="Add an agent"
          empty={
            agents.length === 0
              ? "There are no agents yet. Create an agent on the Agents page."
              : "No other agent matches."
          }
          onChange={(id) => onChange([...value, id])}
        />
      )}
    </div>
  );
}
