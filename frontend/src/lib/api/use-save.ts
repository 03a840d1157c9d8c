"use client";

/** Saves a form and carries what the server refuses into its fields. */
import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { setFormErrors } from "./form";

/**
 * `save` throws what the server refuses; `byCode` is as for setFormErrors.
 * `done` stays true after it was saved, for forms that then leave the page.
 */
export function useSave<Values extends FieldValues, Transformed>(
  form: UseFormReturn<Values, unknown, Transformed>,
  save: (values: Transformed) => Promise<void>,
  byCode: Record<string, Path<Values>> = {},
) {
  const { errors, isSubmitting, isSubmitSuccessful, isDirty } = form.formState;
  const onSubmit = form.handleSubmit(async (values) => {
    try {
      await save(values);
    } catch (error) {
      setFormErrors(form, error, byCode);
    }
  });
  return {
    onSubmit,
    saving: isSubmitting,
    done: isSubmitSuccessful && !errors.root,
    dirty: isDirty,
    problem: errors.root?.message,
  };
}
