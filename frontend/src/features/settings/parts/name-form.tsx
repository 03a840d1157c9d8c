"use client";

/** One's own name, as the others see it. */
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { Field } from "@/components/field";
import { FormError } from "@/components/form-error";
import { Input } from "@/components/input";
import { toast } from "@/components/toast";
import { useSave } from "@/lib/api/use-save";
import { lateRules } from "@/lib/late-rules";
import { useChangeProfile } from "../api";

const resolver = lateRules(() => import("../profile-rules").then((it) => it.nameRules));

export function NameForm({ name }: { name: string }) {
  const change = useChangeProfile();
  const form = useForm({ resolver, defaultValues: { full_name: name } });
  const { errors } = form.formState;
  const save = useSave(form, async (values) => {
    await change.mutateAsync({ full_name: values.full_name || null });
    form.reset(values);
    toast.success("Name saved");
  });
  return (
    <form noValidate onSubmit={save.onSubmit} className="flex max-w-80 flex-col gap-3">
      <Field label="Your name" optional error={errors.full_name?.message}>
        <Input autoComplete="name" {...form.register("full_name")} />
      </Field>
      <FormError message={save.problem} />
      <Button
        type="submit"
        className="self-start"
        loading={save.saving}
        obstacle={save.dirty ? null : "Nothing has changed yet."}
      >
        Save name
      </Button>
    </form>
  );
}
