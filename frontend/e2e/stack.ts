/** Starts a Watchbill for the tests, with data of its own, and stops it afterwards. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const READY_MS = 120_000;
const BIN = path.resolve(import.meta.dirname, "../../.venv/bin");
export const COMMAND = path.join(BIN, "watchbill");
const PYTHON = path.join(BIN, "python");
// The tests of one person follow each other faster than anybody clicks.
const unlimited = {
  WATCHBILL_RATE_LIMIT_USER: "0",
  WATCHBILL_RATE_LIMIT_TENANT: "0",
  WATCHBILL_RATE_LIMIT_AUTH: "0",
};

/**
 * Playwright calls it once, and what it returns at the end. The tests find WATCHBILL_URL, WATCHBILL_FOLDER and LLM_URL set,
 * and in DNS_FILE where to write what the name server says.
 */
export default async function start(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.toReversed()) await end();
  };
  try {
    for (const begin of [startModel, startNames, startWatchbill]) stops.push(await begin());
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

export const SLOW_WORDS = 120;
const RULES = [
  {
    match: "SLOWLY",
    then: {
      text: Array.from({ length: SLOW_WORDS }, (_, index) => `word${index + 1}`).join(" "),
      token_ms: 80,
    },
  },
];

/** The scripted LLM server: tests decide how it answers, and see how each call ended. */
async function startModel(): Promise<() => Promise<void>> {
  const child = spawn(PYTHON, ["-m", "watchbill.testing.llm_server", "--port", "0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await exit(child);
  };
  try {
    process.env.LLM_URL = await announced(child, /(http:\/\/\S+)\/v1/);
    // One script for all tests, which run at the same time: what a prompt says decides.
    await fetch(`${process.env.LLM_URL}/_script`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rules: RULES }),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The name server, which reads a file: each line is a domain and its text. */
async function startNames(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), "watchbill-names-"));
  const file = path.join(folder, "texts");
  await writeFile(file, "");
  const child = spawn(PYTHON, ["-m", "watchbill.testing.names", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await exit(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    process.env.WATCHBILL_DNS_SERVERS = await announced(child, /^(\S+:\d+)$/m);
    process.env.DNS_FILE = file;
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function startWatchbill(): Promise<() => Promise<void>> {
  if (process.env.WATCHBILL_URL) return () => Promise.resolve();
  const folder = await mkdtemp(path.join(tmpdir(), "watchbill-e2e-"));
  // Closed to PostgreSQL's user, it would make root's database lie elsewhere, where nobody removes it.
  await chmod(folder, 0o711);
  process.env.WATCHBILL_FOLDER = folder;
  const child = spawn(
    process.env.WATCHBILL_COMMAND ?? COMMAND,
    ["up", "--port", "0", "--data-dir", folder],
    {
      // Cheap password hashes: every test signs up somebody.
      env: { ...process.env, WATCHBILL_BCRYPT_COST: "4", ...unlimited },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await exit(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    process.env.WATCHBILL_URL = await announced(child, /^\s+(http:\/\/\S+)$/m);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The address that it prints once it is ready. */
function announced(child: ChildProcess, address: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) =>
      reject(new Error(`${child.spawnfile} did not start: ${why}.\n${said}`));
    const timer = setTimeout(() => fail("it took too long"), READY_MS);
    const listen = (text: string) => {
      said += text;
      const url = address.exec(said)?.[1];
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
