"use client";

/** An execution as its views need it: what is stored of it, what happens live, and the node looked at. */
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
import { bareItems, outline, itemAt, type OutlineItem } from "./model/outline";

export type LiveExecution = {
  id: string;
  /** Undefined until it is loaded. */
  detail: ExecutionDetail | undefined;
  state: ExecutionState;
  /** Of the flow itself; what is in bodies is found by `stepAt`. */
  items: OutlineItem[];
  itemAt: (path: string) => OutlineItem | undefined;
  connection: Connection;
  error: ApiError | null;
};

export function useLiveExecution(id: string): LiveExecution {
  const client = useQueryClient();
  const { data: detail, error: refused } = useExecutionDetail(id);
  const { state, connection, error } = useExecution(id);
  const definition = detail?.definition;
  const known = useMemo(() => definition && outline(definition), [definition]);
  const ids = useMemo(() => known?.map((item) => item.id), [known]);
  useExpectedNodes(id, ids);
  const items = useMemo(() => known ?? bareItems(state.nodes.keys()), [known, state.nodes]);
  const find = useCallback(
    (path: string) =>
      definition ? itemAt(definition, path) : items.find((item) => item.id === path),
    [definition, items],
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
    items,
    itemAt: find,
    connection,
    error: error ?? (refused as ApiError | null),
  };
}
