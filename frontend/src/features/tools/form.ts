/** The tool form's values, its rules, and how they become what the API takes. */
import * as z from "zod/mini";
import type { Tool, ToolBody } from "./api";

const record = z.record(z.string(), z.unknown());

const amount = (least: number, most: number) =>
  z
    .number("Enter a number.")
    .check(
      z.gte(least, `Enter ${least} or more.`),
      z.lte(most, `Enter ${most.toLocaleString("en-US")} or less.`),
    );

export const toolSchema = z.object({
  name: z
    .string()
    .check(
      z.trim(),
      z.minLength(1, "Give the tool a name."),
      z.maxLength(200, "Use at most 200 characters."),
    ),
  description: z.string().check(z.trim(), z.maxLength(10_000, "Use at most 10,000 characters.")),
  kind: z.enum(["python", "builtin"]),
  code: z.string(),
  builtin: z.string(),
  settings: z.nullable(record),
  input_schema: z.nullable(record),
  output_schema: z.nullable(record),
  timeout_seconds: amount(0.1, 3600),
  memory_mb: amount(16, 16_384),
  output_kb: amount(1, 4096),
});

export type ToolValues = z.infer<typeof toolSchema>;

const CODE = `def run(text):
    words = text.split()
    return {"words": len(words)}
`;

export const newTool: ToolValues = {
  name: "",
  description: "",
  kind: "python",
  code: CODE,
  builtin: "",
  settings: null,
  input_schema: {
    type: "object",
    properties: { text: { type: "string" } },
    required: ["text"],
  },
  output_schema: null,
  timeout_seconds: 60,
  memory_mb: 512,
  output_kb: 1024,
};

export function toValues(tool: Tool): ToolValues {
  const { name, description, kind, input_schema, output_schema, limits, config } = tool;
  return {
    ...newTool,
    ...{ name, description, kind, input_schema, output_schema },
    code: "code" in config ? config.code : "",
    builtin: "builtin" in config ? config.builtin : "",
    settings: "builtin" in config ? (config.settings ?? null) : null,
    timeout_seconds: limits.timeout_seconds ?? newTool.timeout_seconds,
    memory_mb: limits.memory_mb ?? newTool.memory_mb,
    output_kb: limits.output_kb ?? newTool.output_kb,
  };
}

/** What the form does not show stays as it is stored. */
export function toBody(values: ToolValues, tool?: Tool): ToolBody {
  const { name, description, kind, code, builtin, settings, input_schema, output_schema } = values;
  const { timeout_seconds, memory_mb, output_kb } = values;
  const stored = tool && "code" in tool.config ? tool.config.requirements : undefined;
  return {
    ...{ name, description, kind, output_schema },
    is_active: tool?.is_active ?? true,
    limits: {
      cpus: tool?.limits.cpus ?? 0.5,
      network: tool?.limits.network ?? "none",
      ...{ timeout_seconds, memory_mb, output_kb },
    },
    // A builtin tool has a schema of its own, whatever is sent.
    input_schema: input_schema ?? { type: "object", properties: {} },
    config:
      kind === "python"
        ? { code, requirements: stored ?? [] }
        : { builtin, settings: settings ?? {} },
  };
}
