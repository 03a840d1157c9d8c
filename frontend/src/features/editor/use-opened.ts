"use client";

/** A definition as it is drawn: at once when it says where everything stands, else when that is found. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { FlowDefinition } from "./model/definition";
import type { NodeTypes } from "./model/node-types";
import { openDefinition, openedAtOnce } from "./model/places";

/** Stays what it was when the component first stood: what is drawn is not replaced behind one's back. */
export function useOpened(definition: Partial<FlowDefinition>, types: NodeTypes) {
  const own = useId();
  return useQuery({
    queryKey: ["editor", "opened", own],
    queryFn: () => openDefinition(definition, types),
    initialData: () => openedAtOnce(definition, types),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    structuralSharing: false,
  });
}
