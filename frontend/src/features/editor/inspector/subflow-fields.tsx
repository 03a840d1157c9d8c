"use client";

/** Which flow a node runs, in which version, and what it is given. */
import { ExternalLink } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { Combobox } from "@/components/combobox";
import { Field } from "@/components/field";
import { Select } from "@/components/select";
import type { InputField } from "@/lib/inputs";
import { useFlowChoices, useFlowInputs, useFlowVersions } from "../api";
import { dotted, type Path } from "../model/paths";
import { ExpressionField } from "./expression-field";
import { useForm } from "./form-context";
import { MapEditor } from "./map-editor";
import { writeJson } from "@/lib/json";

/** The published version, whichever that is when the flow runs. */
const NEWEST = "newest";

type SubflowFieldsProps = { path: Path; value: unknown };
type Config = {
  flow_id?: string | null;
  version?: number | null;
  inputs?: Record<string, unknown>;
};

export function SubflowFields({ path, value }: SubflowFieldsProps) {
  const { write, problem } = useForm();
  const config = (value ?? {}) as Config;
  const id = config.flow_id ?? null;
  const flows = useFlowChoices();
  const versions = useFlowVersions(id);
  const inputs = useFlowInputs(id, config.version ?? null);
  const options = (flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }));
  const at = (name: string) => [...path, name];
  const numbers = (versions.data ?? []).map(({ number }) => String(number));
  const chosen = config.version ? String(config.version) : NEWEST;
  const known = chosen === NEWEST || numbers.includes(chosen) ? numbers : [chosen, ...numbers];
  return (
    <>
      <div data-field={dotted(at("flow_id"))}>
        <Field label="Flow" required error={problem(at("flow_id"))}>
          <Combobox
            options={options}
            value={id ?? undefined}
            onChange={(next) => write(path, { ...config, flow_id: next, version: null })}
            placeholder={flows.isPending ? "Loading" : "Choose a flow"}
            empty="There is no other flow yet."
          />
        </Field>
      </div>
      {id && (
        <div className="flex items-end gap-2">
          <div data-field={dotted(at("version"))} className="min-w-0 flex-1">
            <Field label="Version" error={problem(at("version"))}>
              <Select
                options={[
                  { value: NEWEST, label: "Published version" },
                  ...known.map((number) => ({ value: number, label: `Version ${number}` })),
                ]}
                value={chosen}
                onChange={(next) => write(at("version"), next === NEWEST ? null : Number(next))}
              />
            </Field>
          </div>
          <Button asChild>
            <Link href={`/flows/edit/?id=${id}`} prefetch={false}>
              <ExternalLink aria-hidden />
              Open flow
            </Link>
          </Button>
        </div>
      )}
      <div data-field={dotted(at("inputs"))} className="flex flex-col gap-3">
        {inputs.data ? (
          <Inputs fields={inputs.data} given={config.inputs ?? {}} path={at("inputs")} />
        ) : (
          <Field label="Inputs" error={problem(at("inputs"))}>
            <MapEditor
              path={at("inputs")}
              value={config.inputs}
              onChange={(next) => write(at("inputs"), next)}
            />
          </Field>
        )}
      </div>
    </>
  );
}

type InputsProps = { fields: InputField[]; given: Record<string, unknown>; path: Path };

/** A field for each input that the flow asks for, and one for each that it no longer does. */
function Inputs({ fields, given, path }: InputsProps) {
  const { write, problem } = useForm();
  const asked = new Set(fields.map(({ name }) => name));
  const stale = Object.keys(given).filter((name) => !asked.has(name));
  if (fields.length === 0 && stale.length === 0) {
    return <p className="text-muted">This flow has no inputs.</p>;
  }
  return (
    <>
      {fields.map((field) => (
        <Field
          key={field.name}
          label={field.label || field.name}
          hint={field.description || undefined}
          optional={!field.required}
          required={field.required}
          error={problem([...path, field.name])}
        >
          <ExpressionField
            mode="template"
            value={asText(given[field.name])}
            placeholder="Text, or {{ a value }}"
            onChange={(next) => write([...path, field.name], next === "" ? undefined : next)}
          />
        </Field>
      ))}
      {stale.map((name) => (
        <p key={name} className="flex items-center gap-2 text-xs text-failed">
          <span className="min-w-0 flex-1">The flow no longer has the input “{name}”.</span>
          <Button size="sm" onClick={() => write([...path, name], undefined)}>
            Remove
          </Button>
        </p>
      ))}
    </>
  );
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : `{{ ${writeJson(value)} }}`;
}
