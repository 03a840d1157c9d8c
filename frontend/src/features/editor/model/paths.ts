/** Reading and writing inside JSON values by path; writing copies only what lies on the path. */

export type Path = readonly (string | number)[];

/** "config.cases.0.when" as the server writes it. */
export function dotted(path: Path): string {
  return path.join(".");
}

export function readPath(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

/** The value with `next` at the path; undefined removes the key. Missing objects on the way are made. */
export function writePath<Value>(value: Value, path: Path, next: unknown): Value {
  const [head, ...rest] = path;
  if (head === undefined) return next as Value;
  if (Array.isArray(value)) {
    const copy: unknown[] = value.slice();
    const inner = writePath(copy[Number(head)], rest, next);
    if (inner === undefined && rest.length === 0) copy.splice(Number(head), 1);
    else copy[Number(head)] = inner;
    return copy as Value;
  }
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown> | null) };
  const inner = writePath(copy[head], rest, next);
  if (inner === undefined && rest.length === 0) delete copy[head];
  else copy[head] = inner;
  return copy as Value;
}
