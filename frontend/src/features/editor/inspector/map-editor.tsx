"use client";

/** Named templates: each value offers what the node may read. */
import { Plus, X } from "lucide-react";
import { Button } from "@/components/button";
import type { ControlAria } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { uniqueId } from "../model/ids";
import { dotted, type Path } from "../model/paths";
import { CommitInput } from "./commit-input";
import { ExpressionField } from "./expression-field";
import { useForm } from "./form-context";
import { JsonField } from "@/components/json-field";

type MapEditorProps = ControlAria & {
  path: Path;
  value: unknown;
  onChange: (value: Record<string, unknown>) => void;
};

export function MapEditor({ path, value, onChange, ...aria }: MapEditorProps) {
  const { problem, write } = useForm();
  const map = (value ?? {}) as Record<string, unknown>;
  const entries = Object.entries(map);
  const names = new Set(Object.keys(map));

  /** Keeps the order, which is the order of the result. */
  function rename(from: string, to: string) {
    onChange(Object.fromEntries(entries.map(([name, item]) => [name === from ? to : name, item])));
  }
  function refuse(own: string, name: string): string | null {
    if (name === "") return "A value needs a name.";
    return name !== own && names.has(name) ? `There is already a value called ${name}.` : null;
  }
  return (
    <div
      role="group"
      id={aria.id}
      aria-labelledby={aria["aria-labelledby"]}
      className="flex flex-col gap-2"
    >
      {entries.map(([name, item]) => {
        const error = problem([...path, name]);
        return (
          <div key={name} data-field={[...path, name].join(".")} className="rounded-md border p-2">
            <div className="mb-1.5 flex items-start gap-1">
              <div className="min-w-0 flex-1">
                <CommitInput
                  aria-label="Name of the value"
                  value={name}
                  refuse={(next) => refuse(name, next)}
                  onCommit={(next) => rename(name, next)}
                />
              </div>
              <IconButton
                size="md"
                label={`Remove ${name}`}
                icon={<X aria-hidden />}
                onClick={() =>
                  onChange(Object.fromEntries(entries.filter(([key]) => key !== name)))
                }
              />
            </div>
            {typeof item === "string" ? (
              <ExpressionField
                mode="template"
                aria-label={`Value of ${name}`}
                aria-invalid={error ? true : undefined}
                placeholder="Text, or {{ a value }}"
                value={item}
                onChange={(next) => write([...path, name], next)}
              />
            ) : (
              <JsonField
                name={dotted([...path, name])}
                aria-label={`Value of ${name}`}
                value={item}
                onChange={(next) => write([...path, name], next ?? "")}
              />
            )}
            {error && (
              <p role="alert" className="mt-1 text-xs text-failed">
                {error}
              </p>
            )}
          </div>
        );
      })}
      <Button
        size="sm"
        variant="ghost"
        className="self-start"
        onClick={() => onChange({ ...map, [uniqueId("value", names)]: "" })}
      >
        <Plus aria-hidden />
        Add a value
      </Button>
    </div>
  );
}
