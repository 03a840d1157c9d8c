/** Starts a Watchbill for the tests, with data of its own, and stops it afterwards. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const READY_MS = 120_000;
const COMMAND = path.resolve(import.meta.dirname, "../../.venv/bin/watchbill");

/** Playwright calls it once, and what it returns at the end. The tests find WATCHBILL_URL set. */
export default async function start(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.WATCHBILL_URL) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), "watchbill-e2e-"));
  const child = spawn(
    process.env.WATCHBILL_COMMAND ?? COMMAND,
    ["up", "--port", "0", "--data-dir", folder],
    {
      // Cheap password hashes: every test signs up somebody.
      env: { ...process.env, WATCHBILL_BCRYPT_COST: "4" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await exit(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    process.env.WATCHBILL_URL = await announced(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The address that it prints once it is ready. */
function announced(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`Watchbill did not start: ${why}.\n${said}`));
    const timer = setTimeout(() => fail("it took too long"), READY_MS);
    const listen = (text: string) => {
      said += text;
      const url = /^\s+(http:\/\/\S+)$/m.exec(said)?.[1];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.setEncoding("utf8").on("data", listen);
    child.stderr?.setEncoding("utf8").on("data", listen);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with code ${code}`));
  });
}

function exit(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
