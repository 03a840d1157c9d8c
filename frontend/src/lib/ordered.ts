/** Named values in the order of their author: the server keeps no order of names, so it is kept beside them. */

/** The entries named by `order` first, in that order; then the others. */
export function inOrder<Value>(
  values: Readonly<Record<string, Value>>,
  order: unknown,
): Record<string, Value> {
  const names = Array.isArray(order) ? order.filter((name) => Object.hasOwn(values, name)) : [];
  return Object.fromEntries([
    ...names.map((name: string) => [name, values[name] as Value] as const),
    ...Object.entries(values).filter(([name]) => !names.includes(name)),
  ]);
}
