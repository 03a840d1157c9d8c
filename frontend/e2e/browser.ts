/** Which browser the tests use: the one that WATCHBILL_CHROMIUM names, one that is installed, or the one in `./browser`. */
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A program, and what it needs in its environment. */
export interface Browser {
  executablePath: string;
  env: Record<string, string>;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDERS = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/bin"];
const PACKAGE = path.join(import.meta.dirname, "browser");

export async function findBrowser(): Promise<Browser> {
  const installed = process.env.WATCHBILL_CHROMIUM ?? firstInstalled();
  if (installed) return { executablePath: installed, env: {} };
  if (existsSync(path.join(PACKAGE, "node_modules"))) return unpacked();
  throw new Error(
    "There is no browser to test with: run `make test-browser`, which brings one; or install Chromium, or name one in WATCHBILL_CHROMIUM.",
  );
}

function firstInstalled(): string | undefined {
  return FOLDERS.filter(Boolean)
    .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
    .find(runs);
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The browser of the package. It unpacks into the folder for temporary files, where anybody could have put a program of that
 * name before, and its own libraries only where it finds itself in Amazon's Lambda, for which it is made.
 */
async function unpacked(): Promise<Browser> {
  const before = { ...process.env };
  const folder = path.join(PACKAGE, "node_modules", ".unpacked");
  mkdirSync(folder, { recursive: true });
  try {
    Object.assign(process.env, { TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" });
    const file = path.join(PACKAGE, "node_modules/@sparticuz/chromium/build/esm/index.js");
    const { default: chromium } = (await import(file)) as { default: Packed };
    const executablePath = await chromium.executablePath();
    const { LD_LIBRARY_PATH = "" } = process.env;
    return { executablePath, env: { LD_LIBRARY_PATH, FONTCONFIG_FILE: fonts(folder) } };
  } finally {
    process.env = before;
  }
}

/** Where the package's fonts lie: its own file names folders of Lambda, and a browser without a font crashes. */
function fonts(folder: string): string {
  const file = path.join(folder, "fonts.conf");
  const [fonts, cache] = ["fonts", "fonts-cache"].map((name) => path.join(folder, name));
  writeFileSync(
    file,
    `<?xml version="1.0"?><fontconfig><dir>${fonts}</dir><dir>/usr/share/fonts</dir><cachedir>${cache}</cachedir></fontconfig>`,
  );
  return file;
}

interface Packed {
  executablePath: () => Promise<string>;
}
