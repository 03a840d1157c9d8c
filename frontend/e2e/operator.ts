/** Commands of the operator, on the Watchbill that the tests run against. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { COMMAND } from "./stack";

export async function operate(...command: string[]): Promise<string> {
  const folder = process.env.WATCHBILL_FOLDER ?? "";
  const program = process.env.WATCHBILL_COMMAND ?? COMMAND;
  const { stdout } = await promisify(execFile)(program, [...command, "--data-dir", folder]);
  return stdout;
}
