/** The rules of a form on a page that most people open for something else: loaded when the form is first checked. */
import type { FieldErrors, FieldValues, Resolver } from "react-hook-form";

/** Where the rules cannot be loaded nothing is sent, and the first field says so. */
export function lateRules<Values extends FieldValues, Context, Output>(
  load: () => Promise<Resolver<Values, Context, Output>>,
): Resolver<Values, Context, Output> {
  return async (values, context, options) => {
    let resolve: Resolver<Values, Context, Output>;
    try {
      resolve = await load();
    } catch {
      const message = "The form could not be checked. Check the connection, then reload the page.";
      // An error of no field would not keep the form from being sent.
      const [field = "root"] = options.names ?? [];
      const errors = { [field]: { type: "not_loaded", message } } as FieldErrors<Values>;
      return { values: {}, errors };
    }
    return resolve(values, context, options);
  };
}
