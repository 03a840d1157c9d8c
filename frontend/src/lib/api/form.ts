/** Carries the server's field problems into a react-hook-form form. */
import type { FieldValues, Path, UseFormReturn } from "react-hook-form";
import { toApiError, type ProblemItem } from "./error";

/** Where in the request a problem may lie; not part of the field's name. */
const PLACES = new Set(["body", "query", "path"]);

/** "body", "tasks", 0, "name" is the field "tasks.0.name". */
export function fieldName(loc: ProblemItem["loc"]): string {
  const [first, ...rest] = loc;
  return (PLACES.has(String(first)) ? rest : loc).join(".");
}

/**
 * Sets each problem on its field and everything that has no field on `root`, in words.
 * `byCode` names the field of a refusal that lists no fields, e.g. { name_taken: "name" }.
 * Focuses the first field that is wrong.
 */
export function setFormErrors<Values extends FieldValues, Transformed>(
  form: UseFormReturn<Values, unknown, Transformed>,
  error: unknown,
  byCode: Record<string, Path<Values>> = {},
): void {
  const problem = toApiError(error);
  const field = byCode[problem.code];
  if (field) {
    return form.setError(
      field,
      { type: problem.code, message: problem.message },
      { shouldFocus: true },
    );
  }
  const values = form.getValues();
  const known = problem.errors.filter((item) => hasField(values, fieldName(item.loc)));
  known.forEach(({ loc, code, message }, index) => {
    const name = fieldName(loc) as Path<Values>;
    form.setError(name, { type: code, message }, { shouldFocus: index === 0 });
  });
  if (known.length > 0 && known.length === problem.errors.length) return;
  const others = problem.errors.filter((item) => !known.includes(item));
  const message = others.map(({ loc, message }) => `${fieldName(loc)}: ${message}`).join("\n");
  form.setError("root", { type: problem.code, message: message || problem.message });
}

function hasField(values: FieldValues, name: string): boolean {
  const head = name.split(".")[0] ?? "";
  return head !== "" && head in values;
}
