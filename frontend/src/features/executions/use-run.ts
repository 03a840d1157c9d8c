"use client";

/** A run as its views need it: what is stored of it, what happens live, and the step looked at. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import {
  isFinal,
  useExecution,
  useExpectedNodes,
  type Connection,
  type ExecutionState,
} from "@/lib/events";
import type { ApiError } from "@/lib/api/error";
import { refreshExecution, useExecutionDetail, type ExecutionDetail } from "./api";
import { bareSteps, outline, stepAt, type Step } from "./model/outline";

export type Run = {
  id: string;
  /** Undefined until it is loaded. */
  detail: ExecutionDetail | undefined;
  state: ExecutionState;
  /** Of the flow itself; what is in bodies is found by `stepAt`. */
  steps: Step[];
  stepAt: (path: string) => Step | undefined;
  connection: Connection;
  error: ApiError | null;
};

export function useRun(id: string): Run {
  const client = useQueryClient();
  const { data: detail, error: refused } = useExecutionDetail(id);
  const { state, connection, error } = useExecution(id);
  const definition = detail?.definition;
  const known = useMemo(() => definition && outline(definition), [definition]);
  const ids = useMemo(() => known?.map((step) => step.id), [known]);
  useExpectedNodes(id, ids);
  const steps = useMemo(() => known ?? bareSteps(state.nodes.keys()), [known, state.nodes]);
  const find = useCallback(
    (path: string) =>
      definition ? stepAt(definition, path) : steps.find((step) => step.id === path),
    [definition, steps],
  );

  const over = isFinal(state.status);
  const stale = over && detail !== undefined && !isFinal(detail.status);
  useEffect(() => {
    if (stale) void refreshExecution(client, id);
  }, [stale, client, id]);

  return {
    id,
    detail,
    state,
    steps,
    stepAt: find,
    connection,
    error: error ?? (refused as ApiError | null),
  };
}
