"use client";

/** A crew's form: a new one, or one that is stored, which can also be tested. */
import { zodResolver } from "@hookform/resolvers/zod";
import { Play } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { Button } from "@/components/button";
import { FormSheet } from "@/components/form-sheet";
import { StoredSheet } from "@/components/stored-sheet";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useSave } from "@/lib/api/use-save";
import { useCrew, useSaveCrew, type Crew } from "../api";
import { crewSchema, newCrew, toBody, toValues } from "../form";
import { DeleteCrew } from "./delete-crew";
import { CrewFields } from "./fields";
import { TestDialog } from "./test-dialog";

export function CrewSheet({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <StoredSheet title="Crew" size="lg" query={useCrew(id)} onClose={onClose}>
      {(crew) => <CrewForm crew={crew} onClose={onClose} />}
    </StoredSheet>
  );
}

/** Without a crew it makes a new one. */
export function CrewForm({ crew, onClose }: { crew?: Crew; onClose: () => void }) {
  const writes = useCan("agents:write");
  const store = useSaveCrew(crew?.id);
  const [testing, setTesting] = useState(false);
  const [defaultValues] = useState(() => (crew ? toValues(crew) : newCrew()));
  const form = useForm({ resolver: zodResolver(crewSchema), defaultValues });
  const save = useSave(
    form,
    async (values) => {
      await store.mutateAsync(toBody(values));
      toast.success(crew ? `“${values.name}” saved` : `“${values.name}” added`);
      onClose();
    },
    { name_taken: "name" },
  );
  return (
    <>
      <FormSheet
        size="lg"
        title={crew?.name ?? "New crew"}
        description={crew ? undefined : "A crew is a group of agents with a list of tasks."}
        verb={crew ? "Save" : "Add crew"}
        onClose={onClose}
        form={save}
        readOnly={!writes}
        deletion={crew && ((asked) => <DeleteCrew crew={crew} {...asked} />)}
        extra={
          crew && (
            <Button
              variant="ghost"
              obstacle={save.dirty ? "Save first. The test uses the saved crew." : null}
              onClick={() => setTesting(true)}
            >
              <Play aria-hidden />
              Test crew
            </Button>
          )
        }
      >
        <CrewFields form={form} readOnly={!writes} />
      </FormSheet>
      {crew && testing && <TestDialog crew={crew} onClose={() => setTesting(false)} />}
    </>
  );
}
