"use client";

/** A crew's form: a new one, or one that is stored, which can also be tested. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { FormSheet } from "@/components/form-sheet";
import { LoadingSheet } from "@/components/loading-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { setFormErrors } from "@/lib/api/form";
import { useCrew, useSaveCrew, type Crew } from "../api";
import { crewSchema, newCrew, toBody, toValues } from "../form";
import { DeleteCrew } from "./delete-crew";
import { CrewFields } from "./fields";
import { TestDialog } from "./test-dialog";

export function CrewSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useCrew(id);
  if (data) return <CrewForm crew={data} onClose={onClose} />;
  return (
    <LoadingSheet
      title="Crew"
      size="lg"
      error={error}
      onRetry={() => void refetch()}
      onClose={onClose}
    />
  );
}

/** Without a crew it makes a new one. */
export function CrewForm({ crew, onClose }: { crew?: Crew; onClose: () => void }) {
  const writes = useCan("agents:write");
  const save = useSaveCrew(crew?.id);
  const [asked, setAsked] = useState<"delete" | "test" | null>(null);
  const [defaultValues] = useState(() => (crew ? toValues(crew) : newCrew()));
  const form = useForm({ resolver: zodResolver(crewSchema), defaultValues });
  const { isSubmitting, isDirty, errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      await save.mutateAsync(toBody(values));
      toast.success(crew ? `“${values.name}” saved` : `“${values.name}” added`);
      onClose();
    } catch (error) {
      setFormErrors(form, error, { name_taken: "name" });
    }
  });
  const close = () => setAsked(null);
  return (
    <>
      <FormSheet
        size="lg"
        title={crew?.name ?? "New crew"}
        description={crew ? undefined : "Agents that share out a list of tasks."}
        verb={crew ? "Save" : "Add crew"}
        onClose={onClose}
        onSubmit={submit}
        saving={isSubmitting}
        dirty={isDirty}
        problem={errors.root?.message}
        readOnly={!writes}
        extra={
          crew && (
            <>
              <Button variant="ghost" onClick={() => setAsked("delete")}>
                <Trash2 aria-hidden />
                Delete
              </Button>
              <Button variant="ghost" disabled={isDirty} onClick={() => setAsked("test")}>
                <Play aria-hidden />
                Test run
              </Button>
            </>
          )
        }
      >
        <CrewFields form={form} readOnly={!writes} />
      </FormSheet>
      {crew && asked === "delete" && <DeleteCrew crew={crew} onClose={close} onDeleted={onClose} />}
      {crew && asked === "test" && <TestDialog crew={crew} onClose={close} />}
    </>
  );
}
