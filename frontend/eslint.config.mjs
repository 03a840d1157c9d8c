import next from "eslint-config-next/core-web-vitals";
import nextTypescript from "eslint-config-next/typescript";
import prettier from "eslint-config-prettier";
import { readdirSync } from "node:fs";
import { wrongWords } from "./eslint.words.mjs";

const features = readdirSync(new URL("./src/features", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** lib -> components -> features -> app: each layer imports only those to its left. */
const layers = [
  {
    target: "./src/lib",
    from: ["./src/components", "./src/features", "./src/app"],
    message: "lib imports nothing of ours.",
  },
  {
    target: "./src/components",
    from: ["./src/features", "./src/app"],
    message: "components import lib only.",
  },
  {
    target: "./src/features",
    from: "./src/app",
    message: "features do not know the routes.",
  },
];

/** A feature reaches another one only through that feature's index.ts. */
const fences = features.map((name) => ({
  target: `./src/features/!(${name})/**`,
  from: `./src/features/${name}`,
  except: ["./index.ts"],
  message: `import from "@/features/${name}".`,
}));

const config = [
  { ignores: [".next/**", "out/**", "next-env.d.ts", "src/lib/api/schema.d.ts"] },
  ...next,
  ...nextTypescript,
  prettier,
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "import/no-restricted-paths": ["error", { zones: [...layers, ...fences] }],
      "import/no-cycle": ["error", { ignoreExternal: true }],
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    ignores: ["**/*.test.{ts,tsx}"],
    rules: { "no-restricted-syntax": ["error", ...wrongWords] },
  },
];

export default config;
