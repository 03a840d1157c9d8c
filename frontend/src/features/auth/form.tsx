/** The form of the pages one sees before signing in: its fields, what is wrong, and its one button. */
import type { ReactNode } from "react";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";

type AuthFormProps = {
  /** Of useSave. */
  form: {
    onSubmit: () => Promise<void>;
    saving: boolean;
    /** Saved: the page is being left. */
    done?: boolean;
    problem?: string;
  };
  /** The verb on the button. */
  verb: string;
  /** What else one can do, below the button. */
  after?: ReactNode;
  children: ReactNode;
};

export function AuthForm({ form, verb, after, children }: AuthFormProps) {
  return (
    <form
      noValidate
      // Before the page's code runs, sending it does nothing: outside a dialog this method leads nowhere. What is
      // typed neither is lost nor ends up in an address.
      method="dialog"
      onSubmit={(event) => {
        event.preventDefault();
        void form.onSubmit();
      }}
      className="flex flex-col gap-4"
    >
      {children}
      <FormError message={form.problem} />
      <Button type="submit" variant="primary" loading={form.saving || form.done}>
        {verb}
      </Button>
      {after}
    </form>
  );
}
