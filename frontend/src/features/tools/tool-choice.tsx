"use client";

/** Choosing any number of tools. */
import type { ControlAria } from "@/components/field";
import { MultiChoice } from "@/components/multi-choice";
import { useAllTools } from "./api";

type ToolChoiceProps = ControlAria & {
  value: string[];
  onChange: (value: string[]) => void;
  disabled?: boolean;
};

export function ToolChoice(props: ToolChoiceProps) {
  const { data: tools = [] } = useAllTools();
  return (
    <MultiChoice
      {...props}
      options={tools.map(({ id, name, description }) => ({
        value: id,
        label: name,
        hint: description,
      }))}
      placeholder="Add a tool"
      empty="There are no other tools. You make them on the page Tools."
    />
  );
}
