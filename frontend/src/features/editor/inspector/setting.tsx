"use client";

/** A labelled control for one field of a node: it shows the field's problem, and can be jumped to. */
import type { ComponentProps } from "react";
import { Field } from "@/components/field";
import { dotted, type Path } from "../model/paths";
import { useForm } from "./form-context";

type SettingProps = Omit<ComponentProps<typeof Field>, "error"> & {
  /** The way to the field within the node. */
  path: Path;
};

export function Setting({ path, ...field }: SettingProps) {
  const { problem } = useForm();
  return (
    <div data-field={dotted(path)}>
      <Field {...field} error={problem(path)} />
    </div>
  );
}
