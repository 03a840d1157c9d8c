/** Browser tests. They use the Watchbill at WATCHBILL_URL, or start one of their own on a free port. */
import { defineConfig } from "@playwright/test";
import { getuid } from "node:process";
import { findBrowser } from "./e2e/browser";

const root = getuid?.() === 0;
const browser = await findBrowser();

export default defineConfig({
  testDir: "./e2e",
  globalSetup: "./e2e/stack.ts",
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // These end what hangs; on a busy machine a command of the operator's takes half a minute to begin.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: "list",
  use: {
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    // A trace of each test would take a third of the time: `--trace on` makes one of what failed.
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: browser.executablePath,
      env: { ...process.env, ...browser.env } as Record<string, string>,
      args: [
        // Chromium refuses its sandbox to root.
        ...(root ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
      ],
    },
  },
});
