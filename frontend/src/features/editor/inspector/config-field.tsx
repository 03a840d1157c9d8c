"use client";

/** A form from a JSON Schema: each field becomes the control that fits it. */
import type { ReactElement } from "react";
import { CodeEditor } from "@/components/code-editor";
import { CodeText } from "@/components/code-text";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { NumberInput } from "@/components/number-input";
import { Select } from "@/components/select";
import { Switch } from "@/components/switch";
import { TagsInput } from "@/components/tags-input";
import { ToolChoice } from "@/features/tools";
import { inOrder } from "@/lib/ordered";
import { hintsOf, resolve, type JsonSchema, type Resolved } from "../model/json-schema";
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
import { AgentPicker, CrewPicker, ModelPicker, ProviderPicker, ToolPicker } from "./pickers";
import { choiceOf, linesOf, order, shownFields, titleOf, type Property } from "./presentation";
import { SubflowFields } from "./subflow-fields";
import { WaitFields } from "./wait-fields";
import { StoredOrInline } from "./stored-or-inline";

type FieldsProps = { schema: Resolved; path: Path; value: unknown };

/** The fields of an object: those that matter, then the rest under "More". */
export function Fields({ schema, path, value }: FieldsProps) {
  const { root } = useForm();
  const { widget } = hintsOf(schema);
  if (widget === "wait") return <WaitFields path={path} value={value} />;
  if (widget === "subflow") return <SubflowFields path={path} value={value} />;
  const fields = shownFields(schema, root, record(value));
  const { main, more } = order(fields, schema.required ?? []);
  const show = ({ name, schema: own }: Property) => {
    const { inline } = hintsOf(own);
    if (inline === "agent" || inline === "crew") {
      const written = resolve(schema.properties?.[inline] ?? {}, root);
      return (
        <StoredOrInline
          key={name}
          kind={inline}
          path={path}
          stored={own}
          inline={written}
          fields={Fields}
        />
      );
    }
    return (
      <ConfigField
        key={name}
        name={name}
        schema={schema.properties?.[name] ?? {}}
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
        <ListEditor schema={own} path={path} value={value} word={singular(label)} fields={Fields} />
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
        <Control schema={own} path={path} value={value} />
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

type ControlProps = { schema: Resolved; path: Path; value: unknown };

/** The control itself; `Field` above hands it the id and aria props. */
function Control({ schema, path, value, ...aria }: ControlProps): ReactElement {
  const { write, root } = useForm();
  const siblings = useValue(path.slice(0, -1));
  const change = (next: unknown) => write(path, next);
  const text = typeof value === "string" ? value : "";
  const { format } = schema;
  const hints = hintsOf(schema);

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
        lines={linesOf(schema)}
        placeholder={format === "cel" ? "size(nodes.research.output) > 200" : undefined}
        inside={hints.inside}
        value={text}
        onChange={change}
      />
    );
  }
  if (format === "template-map") {
    const name = hints.order_in;
    const beside = name ? [...path.slice(0, -1), name] : undefined;
    return (
      <MapEditor
        {...aria}
        path={path}
        value={name ? inOrder(record(value), readPath(siblings, [name])) : value}
        onChange={(next) => write(path, next, beside && { path: beside, value: Object.keys(next) })}
      />
    );
  }
  if (format === "agent") return <AgentPicker {...aria} value={value} onChange={change} />;
  if (format === "crew") return <CrewPicker {...aria} value={value} onChange={change} />;
  if (format === "provider") return <ProviderPicker {...aria} value={value} onChange={change} />;
  if (format === "model") {
    const provider = readPath(siblings, ["provider_id"]);
    return <ModelPicker {...aria} value={value} onChange={change} provider={provider} />;
  }
  if (format === "tool") return <ToolPicker {...aria} value={value} onChange={change} />;
  if (format === "tools") {
    const chosen = Array.isArray(value) ? (value as string[]) : [];
    return <ToolChoice {...aria} value={chosen} onChange={change} />;
  }
  if (format === "python") {
    return (
      <CodeEditor {...aria} language="python" value={text} onChange={change} minHeight="180px" />
    );
  }
  if (format === "crew-agent") {
    return <CrewAgentSelect {...aria} value={text} onChange={change} />;
  }
  if (schema.enum) {
    const options = schema.enum.map((item) => ({
      value: String(item),
      label: choiceOf(schema, String(item)),
    }));
    const shown = text || String(schema.default ?? "");
    return <Select {...aria} options={options} value={shown} onChange={change} />;
  }
  if (schema.type === "boolean") {
    return <Switch {...aria} checked={(value ?? schema.default) === true} onChange={change} />;
  }
  if (hints.unit === "seconds") {
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
  const isSchema = format === "json-schema";
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
      : "Start with a letter. Use only a-z, 0-9 and _, at most 63 characters.";
}

function singular(label: string): string {
  const word = label.toLowerCase();
  if (word.endsWith("ches")) return word.slice(0, -2);
  return word.endsWith("s") ? word.slice(0, -1) : word;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
