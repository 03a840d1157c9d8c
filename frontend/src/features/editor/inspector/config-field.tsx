"use client";

/** A form from a JSON Schema: each field becomes the control that fits it. */
import type { ReactElement } from "react";
import { CodeText } from "@/components/code-text";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { TagsInput } from "@/components/tags-input";
import { inOrder } from "@/lib/ordered";
import { resolve, type JsonSchema, type Resolved } from "../model/json-schema";
import { dotted, readPath, type Path } from "../model/paths";
import { CommitInput } from "./commit-input";
import { DurationInput } from "@/components/duration-input";
import { Textarea } from "@/components/textarea";
import { ExpressionField } from "./expression-field";
import { useForm, useValue } from "./form-context";
import { JsonField } from "@/components/json-field";
import { ListEditor } from "./list-editor";
import { MapEditor } from "./map-editor";
import { More } from "./more";
import { AgentPicker, CrewPicker, ModelPicker, ProviderPicker } from "./pickers";
import { choiceOf, isShown, linesOf, order, orderOf, titleOf } from "./presentation";
import { SubflowFields } from "./subflow-fields";
import { WaitFields } from "./wait-fields";
import { StoredOrInline } from "./stored-or-inline";

type FieldsProps = { schema: Resolved; path: Path; value: unknown; owner?: string };

/** The fields of an object: those that matter, then the rest under "More". */
export function Fields({ schema, path, value, owner }: FieldsProps) {
  const { root } = useForm();
  if (owner === "wait") return <WaitFields path={path} value={value} />;
  if (owner === "subflow") return <SubflowFields path={path} value={value} />;
  const properties = schema.properties ?? {};
  const beside = (value ?? {}) as Record<string, unknown>;
  const names = Object.keys(properties).filter((name) =>
    isShown(owner, name, resolve(properties[name] ?? {}, root).format, beside),
  );
  const { main, more } = order(names, schema.required ?? [], owner ?? schema.ref);
  const show = (name: string) => {
    const property = resolve(properties[name] ?? {}, root);
    const kind = property.format;
    // A stored thing and the same thing written here are one choice.
    if ((kind === "agent" || kind === "crew") && properties[kind]) {
      const inline = resolve(properties[kind], root);
      return (
        <StoredOrInline key={name} kind={kind} path={path} stored={property} inline={inline} />
      );
    }
    if ((name === "agent" || name === "crew") && properties[`${name}_id`]) return null;
    return (
      <ConfigField
        key={name}
        name={name}
        schema={properties[name] ?? {}}
        path={[...path, name]}
        value={readPath(value, [name])}
        required={schema.required?.includes(name) ?? false}
      />
    );
  };
  return (
    <>
      {main.map(show)}
      {more.length > 0 && <More>{more.map(show)}</More>}
    </>
  );
}

type ConfigFieldProps = {
  name: string;
  schema: JsonSchema;
  path: Path;
  value: unknown;
  required: boolean;
};

export function ConfigField({ name, schema, path, value, required }: ConfigFieldProps) {
  const { root, problem } = useForm();
  const own = resolve(schema, root);
  const label = own.title ?? titleOf(name);
  const composite = own.type === "object" && own.properties;
  const listed = own.type === "array" && resolve(own.items ?? {}, root).properties;
  if (composite) {
    return (
      <fieldset data-field={dotted(path)} className="flex flex-col gap-3 border-t pt-4">
        <legend className="sr-only">{label}</legend>
        <Fields schema={own} path={path} value={value} />
      </fieldset>
    );
  }
  if (listed) {
    return (
      <fieldset data-field={dotted(path)} className="flex flex-col gap-1">
        <legend className="float-left w-full text-sm font-medium">{label}</legend>
        {own.description && (
          <p className="text-xs text-muted">
            <CodeText text={own.description} />
          </p>
        )}
        <ListEditor schema={own} path={path} value={value} word={singular(label)} />
        <Wrong message={problem(path)} />
      </fieldset>
    );
  }
  return (
    <div data-field={dotted(path)}>
      <Field
        label={label}
        hint={own.description}
        error={problem(path, own.format !== "template-map")}
        inline={own.type === "boolean"}
        required={required && own.type !== "boolean"}
        optional={!required && own.type === "string" && !own.nullable && !own.default}
      >
        <Control name={name} schema={own} path={path} value={value} />
      </Field>
    </div>
  );
}

function Wrong({ message }: { message: string | undefined }) {
  return message ? (
    <p role="alert" className="text-xs text-failed">
      <CodeText text={message} />
    </p>
  ) : null;
}

type ControlProps = { name: string; schema: Resolved; path: Path; value: unknown };

/** The control itself; `Field` above hands it the id and aria props. */
function Control({ name, schema, path, value, ...aria }: ControlProps): ReactElement {
  const { write, root, kind } = useForm();
  const siblings = useValue(path.slice(0, -1));
  const change = (next: unknown) => write(path, next);
  const text = typeof value === "string" ? value : "";
  const format = schema.format ?? name;

  if (format === "markdown") {
    return (
      <Textarea
        {...aria}
        rows={8}
        value={text}
        placeholder="Markdown"
        onChange={(event) => change(event.target.value)}
      />
    );
  }
  if (format === "template" && typeof value === "object" && value !== null) {
    return (
      <JsonField {...aria} name={dotted(path)} value={value} onChange={change} minHeight="36px" />
    );
  }
  if (format === "template" || format === "cel") {
    return (
      <ExpressionField
        {...aria}
        mode={format}
        lines={format === "cel" ? 1 : linesOf(name)}
        placeholder={format === "cel" ? "size(nodes.research.output) > 200" : undefined}
        inside={isInner(kind, path)}
        value={text}
        onChange={change}
      />
    );
  }
  if (format === "template-map") {
    const beside = orderOf(kind, path);
    return (
      <MapEditor
        {...aria}
        path={path}
        value={beside ? inOrder(record(value), readPath(siblings, ["order"])) : value}
        onChange={(next) => write(path, next, beside && { path: beside, value: Object.keys(next) })}
      />
    );
  }
  if (format === "agent") return <AgentPicker {...aria} value={value} onChange={change} />;
  if (format === "crew") return <CrewPicker {...aria} value={value} onChange={change} />;
  if (format === "provider" || name === "provider_id") {
    return <ProviderPicker {...aria} value={value} onChange={change} />;
  }
  if (format === "model") {
    const provider = readPath(siblings, ["provider_id"]);
    return <ModelPicker {...aria} value={value} onChange={change} provider={provider} />;
  }
  if (name === "agent" && path[1] === "crew") {
    return <CrewAgentSelect {...aria} value={text} onChange={change} />;
  }
  if (schema.enum) {
    const options = schema.enum.map((item) => ({
      value: String(item),
      label: choiceOf(name, String(item)),
    }));
    const shown = text || String(schema.default ?? "");
    return <Select {...aria} options={options} value={shown} onChange={change} />;
  }
  if (schema.type === "boolean") {
    return <Switch {...aria} checked={(value ?? schema.default) === true} onChange={change} />;
  }
  if (name.endsWith("_seconds") && schema.type === "number") {
    return (
      <DurationInput
        {...aria}
        value={(value ?? schema.default) as number | null}
        onChange={(next) => change(next ?? (schema.nullable ? null : undefined))}
        placeholder={schema.nullable ? "None" : undefined}
      />
    );
  }
  if (schema.type === "integer" || schema.type === "number") {
    return (
      <NumberInput
        {...aria}
        value={(value ?? schema.default) as number | null}
        min={schema.minimum}
        max={schema.maximum}
        step={schema.type === "integer" ? 1 : undefined}
        placeholder={schema.nullable ? "Default" : undefined}
        // Without a number the field falls back to its default.
        onChange={(next) => change(next ?? (schema.nullable ? null : undefined))}
      />
    );
  }
  if (schema.type === "string") {
    return schema.pattern ? (
      <CommitInput
        {...aria}
        value={text || String(schema.default ?? "")}
        refuse={unfit(schema)}
        onCommit={change}
      />
    ) : (
      <Input
        {...aria}
        value={text}
        maxLength={schema.maxLength}
        onChange={(event) => change(event.target.value || (schema.nullable ? null : ""))}
      />
    );
  }
  if (schema.type === "array" && resolve(schema.items ?? {}, root).type === "string") {
    return (
      <TagsInput
        {...aria}
        value={Array.isArray(value) ? (value as string[]) : []}
        onChange={change}
        placeholder="Type and press Enter"
      />
    );
  }
  const isSchema = name === "output_schema";
  return (
    <JsonField
      {...aria}
      name={dotted(path)}
      value={value}
      onChange={change}
      minHeight={isSchema ? "96px" : "36px"}
      placeholder={isSchema ? '{"type": "object", "properties": {…}}' : "A JSON value"}
    />
  );
}

/** Whether the field is evaluated when the node's body has run. */
function isInner(kind: string, path: Path): boolean {
  const name = path.length === 2 ? path[1] : null;
  return (kind === "map" || kind === "loop") && (name === "result" || name === "until");
}

/** One of the agents that the crew has, by name. */
function CrewAgentSelect({
  value,
  onChange,
  ...aria
}: {
  value: string;
  onChange: (value: unknown) => void;
}) {
  const agents = useValue(["config", "crew", "agents"]);
  const names = (Array.isArray(agents) ? agents : []).map((agent: { name?: string }) => agent.name);
  const options = [...new Set(names)].flatMap((name) =>
    name ? [{ value: name, label: name }] : [],
  );
  return (
    <Select
      {...aria}
      options={options}
      value={value}
      onChange={onChange}
      placeholder="Choose an agent of the crew"
    />
  );
}

function unfit(schema: Resolved): (value: string) => string | null {
  const pattern = new RegExp(schema.pattern ?? "");
  return (value) =>
    pattern.test(value)
      ? null
      : "Begin with a letter; use only a-z, 0-9 and _, at most 63 of them.";
}

function singular(label: string): string {
  const word = label.toLowerCase();
  if (word.endsWith("ches")) return word.slice(0, -2);
  return word.endsWith("s") ? word.slice(0, -1) : word;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
