"use client";

/** One task of a crew: what is to be done, by whom, and what it reads. */
import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import { useId } from "react";
import { useWatch, type UseFormReturn } from "react-hook-form";
import { Checkbox } from "@/components/checkbox";
import { CodeEditor } from "@/components/code-editor";
import { Field } from "@/components/field";
import { FormField } from "@/components/form-field";
import { IconButton } from "@/components/icon-button";
import { Input } from "@/components/input";
import { MoreFields } from "@/components/more-fields";
import { Select, type Option } from "@/components/select";
import { Textarea } from "@/components/textarea";
import { ToolChoice } from "@/features/tools";
import type { CrewValues, TaskValues } from "../form";

type TaskFieldsProps = {
  form: UseFormReturn<CrewValues>;
  index: number;
  count: number;
  /** The agents of the crew. */
  agents: Option[];
  readOnly: boolean;
  onMove: (to: number) => void;
  onRemove: () => void;
};

export function TaskFields(props: TaskFieldsProps) {
  const { form, index, agents, readOnly } = props;
  const errors = form.formState.errors.tasks?.[index];
  const hierarchical = useWatch({ control: form.control, name: "process" }) === "hierarchical";
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="sr-only">Task {index + 1}</legend>
      <TaskHead {...props} />
      <div className="grid grid-cols-2 items-start gap-3">
        <Field label="Name" error={errors?.name?.message}>
          <Input {...form.register(`tasks.${index}.name`)} />
        </Field>
        <FormField control={form.control} name={`tasks.${index}.agent_id`} label="Agent">
          {({ value, onChange }) => (
            <Select
              options={
                hierarchical
                  ? [{ value: MANAGER, label: "The manager decides" }, ...agents]
                  : agents
              }
              placeholder={agents.length === 0 ? "Add agents above first" : "Choose"}
              value={value || (hierarchical ? MANAGER : undefined)}
              onChange={(id) => onChange(id === MANAGER ? "" : id)}
            />
          )}
        </FormField>
      </div>
      <Field
        label="Description"
        hint="What the agent should do. You can use inputs, e.g. {{ inputs.topic }}."
        error={errors?.description?.message}
      >
        <Textarea {...form.register(`tasks.${index}.description`)} />
      </Field>
      <Field label="Expected output" error={errors?.expected_output?.message}>
        <Textarea
          rows={2}
          placeholder="Five bullet points"
          className="min-h-14"
          {...form.register(`tasks.${index}.expected_output`)}
        />
      </Field>
      {index > 0 && <ContextField form={form} index={index} />}
      <MoreFields open={Boolean(errors?.output_schema)}>
        <FormField
          control={form.control}
          name={`tasks.${index}.tool_ids`}
          label="Tools for this task"
          optional
          hint="What may be used besides the agent’s own tools."
        >
          {({ value, onChange }) => (
            <ToolChoice value={value} onChange={onChange} disabled={readOnly} />
          )}
        </FormField>
        <FormField
          control={form.control}
          name={`tasks.${index}.output_schema`}
          label="Output schema"
          optional
          hint="A JSON Schema that the answer must match."
        >
          {({ value, onChange }) => (
            <CodeEditor value={value} onChange={onChange} readOnly={readOnly} />
          )}
        </FormField>
      </MoreFields>
    </fieldset>
  );
}

/** Radix has no empty choice. */
const MANAGER = "manager";

function TaskHead({ index, count, readOnly, onMove, onRemove }: TaskFieldsProps) {
  return (
    <div className="flex h-7 items-center gap-1">
      <h4 aria-hidden className="mr-auto text-xs text-muted">
        Task {index + 1}
      </h4>
      {!readOnly && (
        <>
          <IconButton
            label={`Move task ${index + 1} up`}
            icon={<ArrowUp aria-hidden />}
            disabled={index === 0}
            onClick={() => onMove(index - 1)}
          />
          <IconButton
            label={`Move task ${index + 1} down`}
            icon={<ArrowDown aria-hidden />}
            disabled={index === count - 1}
            onClick={() => onMove(index + 1)}
          />
          <IconButton
            label={`Remove task ${index + 1}`}
            icon={<Trash2 aria-hidden />}
            disabled={count === 1}
            onClick={onRemove}
          />
        </>
      )}
    </div>
  );
}

/** Ticks for the tasks before this one. */
function ContextField({ form, index }: Pick<TaskFieldsProps, "form" | "index">) {
  const id = useId();
  const tasks = useWatch({ control: form.control, name: "tasks" }).slice(0, index);
  return (
    <div role="group" aria-labelledby={id} className="flex flex-col gap-1.5">
      <span id={id} className="font-medium">
        Uses the output of <span className="font-normal text-muted">(optional)</span>
      </span>
      <FormField
        control={form.control}
        name={`tasks.${index}.context`}
        label={<span className="sr-only">Earlier tasks</span>}
      >
        {({ value, onChange }) => <Ticks tasks={tasks} value={value} onChange={onChange} />}
      </FormField>
    </div>
  );
}

type TicksProps = { tasks: TaskValues[]; value: string[]; onChange: (keys: string[]) => void };

function Ticks({ tasks, value, onChange }: TicksProps) {
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-1.5">
      {tasks.map(({ key, name }, at) => (
        <label key={key} className="flex items-center gap-2">
          <Checkbox
            checked={value.includes(key)}
            onChange={(on) =>
              onChange(on ? [...value, key] : value.filter((other) => other !== key))
            }
          />
          {name || `Task ${at + 1}`}
        </label>
      ))}
    </div>
  );
}
