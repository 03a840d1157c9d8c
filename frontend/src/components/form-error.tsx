import { CodeText } from "./code-text";

/** What is wrong with a whole form, above its button. */
export function FormError({ message }: { message?: string }) {
  if (!message) return null;
  return (
    <p role="alert" className="rounded-md bg-failed-soft px-3 py-2 whitespace-pre-line text-failed">
      <CodeText text={message} />
    </p>
  );
}
