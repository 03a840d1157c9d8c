/** A sentence in which what stands between backticks is code. */
export function CodeText({ text }: { text: string }) {
  const parts = text.split("`");
  // One that has no counterpart is a character like any other.
  if (parts.length % 2 === 0) return text;
  return parts.map((part, place) =>
    place % 2 === 1 ? (
      <code key={place} className="font-mono text-[0.95em]">
        {part}
      </code>
    ) : (
      part
    ),
  );
}
