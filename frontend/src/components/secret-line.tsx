/** Something shown this once, to be copied. */
import { CopyButton } from "./copy-button";

export function SecretLine({ label, text }: { label: string; text: string }) {
  return (
    <div className="flex items-center gap-1 rounded-md border bg-sunken py-1 pr-1 pl-3">
      <code aria-label={label} tabIndex={0} className="min-w-0 flex-1 font-mono text-xs break-all">
        {text}
      </code>
      <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
    </div>
  );
}
