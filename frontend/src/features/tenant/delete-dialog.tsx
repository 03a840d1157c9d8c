"use client";

/** The last question before a tenant is gone: its short name must be typed. */
import { useState, type FormEvent } from "react";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field } from "@/components/field";
import { Input } from "@/components/input";
import { toApiError } from "@/lib/api/error";
import type { Schema } from "@/lib/api/client";
import { useDeleteTenant } from "./api";

type DeleteDialogProps = { tenant: Schema<"TenantShown">; onClose: () => void };

const FORM = "delete-tenant";

export function DeleteDialog({ tenant, onClose }: DeleteDialogProps) {
  const [word, setWord] = useState("");
  const remove = useDeleteTenant();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (word === tenant.slug) remove.mutate(word);
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="sm"
      title={`Delete “${tenant.name}”?`}
      description="This deletes everything in the tenant at once. You cannot undo this. Export the data first if you may need it."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={FORM}
            variant="danger"
            loading={remove.isPending || remove.isSuccess}
            obstacle={word === tenant.slug ? null : `Type ${tenant.slug} to delete the tenant.`}
          >
            Delete tenant
          </Button>
        </>
      }
    >
      <form id={FORM} noValidate onSubmit={submit}>
        <Field
          label={`Type ${tenant.slug} to confirm`}
          error={remove.error ? toApiError(remove.error).message : undefined}
        >
          <Input
            value={word}
            autoComplete="off"
            onChange={(event) => setWord(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  );
}
