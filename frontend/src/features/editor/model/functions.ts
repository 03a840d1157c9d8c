/** The functions that an expression may call, as the engine lists them, and which of them fit what is typed. */
import listed from "./functions.json";

/** What the engine says of a function; `takes` and `needs` count its arguments. */
type Listed = { library: string; name: string; takes: boolean; needs: number; says: string };

export type FunctionOption = {
  /** What is inserted: a call without its arguments. */
  expression: string;
  library: string;
  name: string;
  says: string;
  /** Its arguments are still to be written, between the brackets. */
  open: boolean;
};

const functions: Listed[] = listed;
const namespaces = new Set(functions.map(({ name }) => name.split(".")[0] ?? ""));

/** The functions whose name begins as the query does; behind a value and a dot those that are called as its method. */
export function functionOptions(query: string): FunctionOption[] {
  const dot = query.lastIndexOf(".");
  const owner = query.slice(0, Math.max(0, dot));
  if (owner === "" || namespaces.has(owner)) return plain(query);
  const begun = query.slice(dot + 1);
  return functions
    .filter(({ name, takes }) => takes && !name.includes(".") && begins(name, begun))
    .map((one) => option(one, `${owner}.${one.name}`, one.needs > 1));
}

function plain(query: string): FunctionOption[] {
  return functions
    .filter(({ name }) => begins(name, query))
    .map((one) => option(one, one.name, one.takes));
}

function option({ library, name, says }: Listed, call: string, open: boolean): FunctionOption {
  return { expression: `${call}()`, library, name, says: says.replaceAll("`", ""), open };
}

function begins(name: string, query: string): boolean {
  return name.toLowerCase().startsWith(query.toLowerCase());
}
