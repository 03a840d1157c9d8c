"use client";

/** A labelled control: label, hint and error, tied to the control for assistive technology. */
import { Slot } from "radix-ui";
import { useId, type ComponentProps, type ReactElement, type ReactNode } from "react";
import { cn } from "@/lib/cn";
import { CodeText } from "./code-text";

export function Label({ className, ...rest }: ComponentProps<"label">) {
  return <label {...rest} className={cn("text-sm font-medium", className)} />;
}

/** Seen only: it is no part of the field's name, and assistive technology is told by the control. */
const requiredClass = "after:ml-0.5 after:text-failed after:[content:'*'_/_'']";

type FieldProps = {
  label: ReactNode;
  /** Said before typing: what is wanted and its rules. */
  hint?: ReactNode;
  /** What is wrong and how to mend it. */
  error?: string;
  /** Marks the field, in forms where most have to be filled in. */
  optional?: boolean;
  /** Marks the field, in forms where most have a default. */
  required?: boolean;
  /** Puts the label beside the control (switches, checkboxes). */
  inline?: boolean;
  className?: string;
  /** One control that takes id and aria-* props. */
  children: ReactElement;
};

export function Field(props: FieldProps) {
  const { label, hint, error, optional, required, inline, className, children } = props;
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const control = (
    <Slot.Root
      id={id}
      aria-describedby={described || undefined}
      aria-invalid={error ? true : undefined}
      aria-required={required || undefined}
      aria-labelledby={`${id}-label`}
    >
      {children}
    </Slot.Root>
  );
  const caption = (
    <Label
      id={`${id}-label`}
      htmlFor={id}
      title={required ? "Required" : undefined}
      className={cn(inline && "font-normal", required && requiredClass)}
    >
      {label}
      {optional && <span className="font-normal text-muted"> (optional)</span>}
    </Label>
  );
  return (
    <div className={cn("flex min-w-0 flex-col gap-1", className)}>
      {inline ? (
        <div className="flex items-center gap-2">
          {control}
          {caption}
        </div>
      ) : (
        <>
          {caption}
          {control}
        </>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-muted">
          {typeof hint === "string" ? <CodeText text={hint} /> : hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs text-failed">
          <CodeText text={error} />
        </p>
      )}
    </div>
  );
}

/** The aria props a Field hands to its control; composite controls pass them to their input. */
export type ControlAria = {
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: ComponentProps<"input">["aria-invalid"];
  "aria-required"?: boolean;
  "aria-labelledby"?: string;
  "aria-label"?: string;
};
