"use client";

/** What every field of the inspector's form needs: the node, how to write, and its problems. */
import { createContext, use, useCallback, useMemo } from "react";
import type { Drafts } from "@/components/drafts";
import { useEditor, useEditorStore } from "../context";
import { updateNode } from "../model/edits";
import type { JsonSchema } from "../model/json-schema";
import { idPath } from "../model/levels";
import { dotted, readPath, type Path } from "../model/paths";

type FormContextValue = {
  nodeId: string;
  kind: string;
  /** The schema that `$ref` is looked up in. */
  root: JsonSchema;
  config: unknown;
  /** `beside` is written in the same step of undo. */
  write: (path: Path, value: unknown, beside?: { path: Path; value: unknown }) => void;
  /** The first problem at a field, or below it when `deep`. */
  problem: (path: Path, deep?: boolean) => string | undefined;
};

const FormContext = createContext<FormContextValue | null>(null);

export const FormProvider = FormContext.Provider;

export function useForm(): FormContextValue {
  const value = use(FormContext);
  if (!value) throw new Error("This field belongs inside a node's form.");
  return value;
}

/** The value at a path below the node, e.g. ["config", "prompt"]. */
export function useValue(path: Path): unknown {
  return readPath({ config: useForm().config }, path);
}

/** The form's context for a node. Typing into one field is one step of undo. */
export function useFormValue(
  nodeId: string,
  kind: string,
  root: JsonSchema,
  config: unknown,
): FormContextValue {
  const store = useEditorStore();
  const problems = useEditor((state) => state.problems);
  const path = useEditor((state) => idPath(state.level, nodeId));
  const fresh = useEditor((state) => state.fresh === nodeId);
  const write = useCallback(
    (path: Path, value: unknown, beside?: { path: Path; value: unknown }) => {
      const { edit, types } = store.getState();
      const key = `${nodeId}.${dotted(path)}`;
      edit(
        (flow) => {
          const written = updateNode(flow, nodeId, path, value, types);
          return beside ? updateNode(written, nodeId, beside.path, beside.value, types) : written;
        },
        { key },
      );
    },
    [store, nodeId],
  );
  return useMemo(() => {
    // What is half typed, its own field says.
    const own = problems.filter(({ node_id, code }) => node_id === path && code !== "half_typed");
    const problem = (path: Path, deep?: boolean) => {
      const field = dotted(path);
      if (fresh && isEmpty(readPath({ config }, path))) return undefined;
      return own.find((it) => it.field === field || (deep && it.field?.startsWith(`${field}.`)))
        ?.message;
    };
    return { nodeId, kind, root, config, write, problem };
  }, [nodeId, kind, root, config, write, problems, path, fresh]);
}

const NO_TEXTS: Readonly<Record<string, string>> = {};

/** What was typed into JSON fields of a node and cannot be read yet. */
export function useNodeDrafts(nodeId: string): Drafts {
  const store = useEditorStore();
  const texts = useEditor(({ drafts, level }) => drafts[idPath(level, nodeId)] ?? NO_TEXTS);
  return useMemo(
    () => ({ texts, keep: (name, text) => store.getState().keepDraft(nodeId, name, text) }),
    [store, nodeId, texts],
  );
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
