"use client";

/** A Field whose control is held by a react-hook-form form; it shows the form's error itself. */
import type { ComponentProps, ReactElement } from "react";
import {
  Controller,
  type Control,
  type ControllerRenderProps,
  type FieldValues,
  type Path,
} from "react-hook-form";
import { Field } from "./field";

type FormFieldProps<Values extends FieldValues, Name extends Path<Values>, Transformed> = Omit<
  ComponentProps<typeof Field>,
  "children" | "error"
> & {
  control: Control<Values, unknown, Transformed>;
  name: Name;
  /** Draws the control from its value and how to change it. */
  children: (bound: Omit<ControllerRenderProps<Values, Name>, "disabled">) => ReactElement;
};

export function FormField<Values extends FieldValues, Name extends Path<Values>, Transformed>(
  props: FormFieldProps<Values, Name, Transformed>,
) {
  const { control, name, children, ...field } = props;
  return (
    <Controller
      control={control}
      name={name}
      render={({ field: bound, fieldState }) => (
        <Field {...field} error={fieldState.error?.message}>
          {children(bound)}
        </Field>
      )}
    />
  );
}
