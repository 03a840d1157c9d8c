/** What may be an e-mail address: the shape only, in any script. The server knows the rest. */
import * as z from "zod/mini";

export const mailAddress = z.email({
  pattern: z.regexes.unicodeEmail,
  error: "Enter an e-mail address, like name@example.org.",
});
