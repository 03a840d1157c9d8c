"use client";

/** The upstream values a field may read, with their last value, and the functions, filtered by what is typed. */
import { useMemo } from "react";
import { useStore } from "zustand";
import { useEditor, useEditorContext } from "../context";
import { findNode } from "../model/definition";
import { functionOptions, type FunctionOption } from "../model/functions";
import { innerValues, lastValue, upstreamValues, type UpstreamValue } from "../model/upstream";
import { writeJson } from "@/lib/json";

/** A value or a function. */
export type ValueOption = {
  /** What is inserted. */
  expression: string;
  heading: string;
  name: string;
  kind: string;
  /** The value that it had last, or what the function does. */
  says: string | null;
  /** A function's arguments are still to be written, between its brackets. */
  open: boolean;
};

const PREVIEW = 60;

/**
 * Everything `nodeId` may read or call that fits the query; empty while not wanted. `inside`: what it may
 * read when its body has run. Without a query there are no functions where there is no value: what is missing then is
 * something to read.
 */
export function useValueOptions(
  nodeId: string,
  wanted: boolean,
  query: string,
  inside = false,
): ValueOption[] {
  const { overlay } = useEditorContext();
  const flow = useEditor((state) => state.flow);
  const level = useEditor((state) => state.level);
  const types = useEditor((state) => state.types);
  const values = useMemo(() => {
    const owner = inside && findNode(flow, nodeId);
    if (!wanted) return [];
    return owner ? innerValues(flow, owner, types, level) : upstreamValues(flow, nodeId, level);
  }, [wanted, inside, flow, nodeId, types, level]);
  const overlays = useStore(overlay, (state) => (wanted ? state.nodes : null));
  const inputs = useStore(overlay, (state) => state.inputs);
  return useMemo(() => {
    const last = {
      inputs,
      output: (path: string) => overlays?.[path]?.output ?? undefined,
      input: (path: string) => overlays?.[path]?.input ?? undefined,
    };
    if (!wanted || (query === "" && values.length === 0)) return [];
    const fitting = values
      .filter((value) => fits(value, query))
      .map((value) => toOption(value, preview(lastValue(value, last))));
    return [...fitting, ...functionOptions(query).map(toCall)];
  }, [wanted, values, overlays, inputs, query]);
}

function toOption({ expression, source, name, kind }: UpstreamValue, says: string | null) {
  return { expression, heading: source.name, name, kind, says, open: false };
}

function toCall({ expression, library, name, says, open }: FunctionOption): ValueOption {
  return { expression, heading: `Functions: ${library}`, name, kind: "function", says, open };
}

/** Each word or path piece typed stands somewhere in the value's names. */
export function fits(value: UpstreamValue, query: string): boolean {
  const text = `${value.expression} ${value.source.name}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function preview(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = (typeof value === "string" ? value : writeJson(value)).replace(/\s+/g, " ");
  return text.length > PREVIEW ? `${text.slice(0, PREVIEW - 1)}…` : text;
}
