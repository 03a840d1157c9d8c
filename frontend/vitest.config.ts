import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// What needs no document runs without one: making it takes longer than most of these tests.
const WITH_DOCUMENT = ["src/**/*.test.tsx", "src/**/*.dom.test.ts"];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    restoreMocks: true,
    testTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "model",
          environment: "node",
          include: ["src/**/*.test.ts"],
          exclude: WITH_DOCUMENT,
        },
      },
      {
        extends: true,
        test: {
          name: "document",
          environment: "jsdom",
          include: WITH_DOCUMENT,
          setupFiles: ["./vitest.setup.ts"],
        },
      },
    ],
  },
});
