"use client";

/** The fields of a crew: how it works, its agents, and its tasks in order. */
import { Plus } from "lucide-react";
import { useFieldArray, useWatch, type UseFormReturn } from "react-hook-form";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { FormField } from "@/components/form-field";
import { Input } from "@/components/input";
import { Select } from "@/components/select";
import { Textarea } from "@/components/textarea";
import { useAllAgents, type Agent } from "@/features/agents";
import { newTask, type CrewValues } from "../form";
import { AgentPicker } from "./agent-picker";
import { TaskFields } from "./task-fields";

type FieldsProps = { form: UseFormReturn<CrewValues>; readOnly: boolean };

const processes = [
  { value: "sequential", label: "Sequential", hint: "Tasks run one after the other" },
  { value: "hierarchical", label: "Hierarchical", hint: "A manager assigns the tasks" },
];

export function CrewFields({ form, readOnly }: FieldsProps) {
  const { errors } = form.formState;
  const { data: agents = [] } = useAllAgents();
  const process = useWatch({ control: form.control, name: "process" });
  return (
    <>
      <div className="grid grid-cols-2 items-start gap-3">
        <Field label="Name" error={errors.name?.message}>
          <Input {...form.register("name")} />
        </Field>
        <FormField control={form.control} name="process" label="Process">
          {({ value, onChange }) => (
            <Select options={processes} value={value} onChange={onChange} />
          )}
        </FormField>
      </div>
      <Field label="Description" optional error={errors.description?.message}>
        <Textarea rows={2} className="min-h-14" {...form.register("description")} />
      </Field>
      <FormField control={form.control} name="agent_ids" label="Agents">
        {({ value, onChange }) => (
          <AgentPicker agents={agents} value={value} onChange={onChange} disabled={readOnly} />
        )}
      </FormField>
      {process === "hierarchical" && <ManagerField form={form} agents={agents} />}
      <Tasks form={form} agents={agents} readOnly={readOnly} />
    </>
  );
}

/** Radix has no empty choice. */
const BUILT_IN = "built-in";

function ManagerField({ form, agents }: { form: FieldsProps["form"]; agents: Agent[] }) {
  return (
    <FormField
      control={form.control}
      name="manager_agent_id"
      label="Manager"
      hint="Assigns tasks to the agents. It cannot be one of the crew’s agents."
    >
      {({ value, onChange }) => (
        <Select
          options={[
            { value: BUILT_IN, label: "Built-in manager" },
            ...agents.map(({ id, name, role }) => ({ value: id, label: name, hint: role })),
          ]}
          value={value || BUILT_IN}
          onChange={(id) => onChange(id === BUILT_IN ? "" : id)}
        />
      )}
    </FormField>
  );
}

function Tasks({ form, agents, readOnly }: FieldsProps & { agents: Agent[] }) {
  const { fields, append, move, remove } = useFieldArray({
    control: form.control,
    name: "tasks",
    keyName: "row",
  });
  const members = useWatch({ control: form.control, name: "agent_ids" });
  const options = agents
    .filter(({ id }) => members.includes(id))
    .map(({ id, name, role }) => ({ value: id, label: name, hint: role }));
  return (
    <section aria-label="Tasks" className="flex flex-col gap-4">
      <h3 className="mt-2 text-base font-semibold">Tasks</h3>
      {fields.map((field, index) => (
        <div key={field.row} className="border-t pt-3">
          <TaskFields
            form={form}
            index={index}
            count={fields.length}
            agents={options}
            readOnly={readOnly}
            onMove={(to) => move(index, to)}
            onRemove={() => remove(index)}
          />
        </div>
      ))}
      <FormError message={form.formState.errors.tasks?.root?.message} />
      {!readOnly && (
        <Button
          className="self-start"
          onClick={() => append(newTask(members.length === 1 ? members[0] : undefined))}
        >
          <Plus aria-hidden />
          Add a task
        </Button>
      )}
    </section>
  );
}
