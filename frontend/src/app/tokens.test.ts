/** Every text and status colour reaches WCAG AA on the surfaces it appears on, in both themes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/app/globals.css", "utf8");

type Oklch = [lightness: number, chroma: number, hue: number];

function theme(selector: string): Map<string, Oklch> {
  const start = css.indexOf(`\n${selector} {`);
  const block = css.slice(start, css.indexOf("\n}", start));
  const pattern = /--([a-z-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\);/g;
  return new Map(
    [...block.matchAll(pattern)].map((m) => [
      m[1] ?? "",
      [Number(m[2]), Number(m[3]), Number(m[4])],
    ]),
  );
}

/** Relative luminance (WCAG 2.2); matrices from Björn Ottosson's OKLab, then linear sRGB. */
function luminance([lightness, chroma, hue]: Oklch): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  return (
    0.2126 * clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) +
    0.7152 * clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) +
    0.0722 * clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
  );
}

function contrast(colours: Map<string, Oklch>, front: string, back: string): number {
  const [one, two] = [colours.get(front), colours.get(back)];
  if (!one || !two) throw new Error(`no colour ${front} or ${back}`);
  const [dark = 0, light = 0] = [luminance(one), luminance(two)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ["background", "surface", "raised", "sunken", "hover"];
const states = ["running", "waiting", "completed", "failed", "idle"];
const groups = ["flow", "agents", "models", "tools", "logic", "people"].map((g) => `group-${g}`);

const words = [
  ...["text", "muted", "accent-text", ...states].flatMap((c) => surfaces.map((s) => [c, s])),
  ...states.map((state) => [state, `${state}-soft`]),
  ...["text", "accent-text", "muted"].map((c) => [c, "accent-soft"]),
  ...["accent", "accent-hover", "danger", "danger-hover"].map((s) => ["on-accent", s]),
] as [string, string][];

const shapes = [
  ...["control", ...groups].flatMap((c) => ["background", "surface", "raised"].map((s) => [c, s])),
] as [string, string][];

describe.each([":root", ".dark"])("%s", (selector) => {
  const colours = theme(selector);
  it.each(words)("text: %s on %s", (front, back) => {
    expect(contrast(colours, front, back)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(shapes)("shape: %s on %s", (front, back) => {
    expect(contrast(colours, front, back)).toBeGreaterThanOrEqual(3);
  });
});
