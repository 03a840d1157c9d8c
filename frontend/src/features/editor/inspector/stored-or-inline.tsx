"use client";

/** An agent or crew: one that is stored, or one written into this node. */
import { useRef, type ComponentType } from "react";
import { Field } from "@/components/field";
import { Segmented } from "@/components/segmented";
import { blank, type Resolved } from "../model/json-schema";
import { dotted, type Path } from "../model/paths";
import { useForm, useValue } from "./form-context";
import { AgentPicker, CrewPicker } from "./pickers";

type StoredOrInlineProps = {
  kind: "agent" | "crew";
  path: Path;
  stored: Resolved;
  inline: Resolved;
  /** The form of one that is written here. */
  fields: ComponentType<{ schema: Resolved; path: Path; value: unknown }>;
};

const words = { agent: "Agent", crew: "Crew" };

export function StoredOrInline({
  kind,
  path,
  stored,
  inline,
  fields: Fields,
}: StoredOrInlineProps) {
  const { write, root, problem } = useForm();
  const owner = useValue(path) as Record<string, unknown> | undefined;
  const written = owner?.[kind] ?? null;
  const chosen = owner?.[`${kind}_id`] ?? null;
  const mode = written === null ? "stored" : "inline";
  /** What was there before switching, so that looking at the other side loses nothing. */
  const kept = useRef<{ stored: unknown; inline: unknown }>({ stored: null, inline: null });

  function choose(next: string) {
    if (next === mode) return;
    kept.current[mode] = mode === "inline" ? written : chosen;
    const own =
      next === "inline"
        ? (kept.current.inline ?? blank({ ...inline, nullable: false } as Resolved, root))
        : null;
    const id = next === "stored" ? kept.current.stored : null;
    write(path, { ...owner, [kind]: own, [`${kind}_id`]: id });
  }
  const idPath = [...path, `${kind}_id`];
  const Picker = kind === "agent" ? AgentPicker : CrewPicker;
  return (
    <div data-field={dotted([...path, kind])} className="flex flex-col gap-3">
      <Segmented
        label={words[kind]}
        value={mode}
        onChange={choose}
        options={[
          { value: "inline", label: "Defined here" },
          { value: "stored", label: `Stored ${kind}` },
        ]}
      />
      {mode === "stored" ? (
        <div data-field={dotted(idPath)}>
          <Field label={words[kind]} required error={problem(idPath) ?? problem(path)}>
            <Picker value={chosen} onChange={(id) => write(idPath, id)} />
          </Field>
        </div>
      ) : (
        <Fields schema={inline} path={[...path, kind]} value={written} />
      )}
      {stored.description && <p className="text-xs text-muted">{stored.description}</p>}
    </div>
  );
}
