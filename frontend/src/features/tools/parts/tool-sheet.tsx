"use client";

/** A tool's form: a new one, or one that is stored, with a place to try it out. */
import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { DraftsProvider, useFormDrafts } from "@/components/drafts";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
import { useSaveTool, useTool, type Tool } from "../api";
import { newTool, toBody, toolSchema, toValues } from "../form";
import { DeleteTool } from "./delete-tool";
import { ToolFields } from "./fields";
import { TryTool } from "./try-tool";

/** Of the form, those that are JSON. */
const FIELDS = ["input_schema", "output_schema", "settings"] as const;

export function ToolSheet({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <StoredSheet title="Tool" query={useTool(id)} onClose={onClose}>
      {(tool) => <ToolForm tool={tool} onClose={onClose} />}
    </StoredSheet>
  );
}

/** Without a tool it makes a new one. */
export function ToolForm({ tool, onClose }: { tool?: Tool; onClose: () => void }) {
  const writes = useCan("tools:write");
  const store = useSaveTool(tool);
  const drafts = useFormDrafts();
  const form = useForm({
    resolver: zodResolver(toolSchema),
    defaultValues: tool ? toValues(tool) : newTool,
  });
  const save = useSave(
    form,
    async (values) => {
      const unread = FIELDS.filter((name) => name in drafts.texts);
      for (const name of unread) form.setError(name, { message: "Correct this JSON first." });
      if (unread.length > 0) return;
      await store.mutateAsync(toBody(values, tool));
      toast.success(tool ? `“${values.name}” saved` : `“${values.name}” added`);
      onClose();
    },
    {
      name_taken: "name",
      no_run: "code",
      syntax_error: "code",
      argument_missing: "code",
      argument_unknown: "code",
      positional_only: "code",
      unknown_builtin: "builtin",
      setting_invalid: "settings",
      not_an_object: "input_schema",
    },
  );
  return (
    <FormSheet
      title={tool?.name ?? "New tool"}
      description={
        tool
          ? `Models call it ${tool.function}.`
          : "Flows call a tool with a node, agents when they need it."
      }
      verb={tool ? "Save" : "Add tool"}
      onClose={onClose}
      form={save}
      readOnly={!writes}
      size="lg"
      deletion={tool && ((asked) => <DeleteTool tool={tool} {...asked} />)}
      after={tool && writes && <TryTool tool={tool} changed={save.dirty} />}
    >
      <DraftsProvider value={drafts}>
        <ToolFields form={form} />
      </DraftsProvider>
    </FormSheet>
  );
}
