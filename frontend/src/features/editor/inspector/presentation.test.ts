/** A form is drawn from the hints of its schema alone: it knows no field and no node type by name. */
import { describe, expect, it } from "vitest";
import { resolve, type JsonSchema } from "../model/json-schema";
import { choiceOf, linesOf, order, shownFields } from "./presentation";

const schema: JsonSchema = {
  type: "object",
  required: ["odd"],
  properties: {
    later: { type: "string", "x-form": { order: 2 } },
    odd: { type: "string" },
    sooner: { type: "string", "x-form": { order: 1, lines: 7 } },
    kind: { type: "string", enum: ["a", "b"], default: "a", "x-form": { labels: { a: "An A" } } },
    of_a: { type: "string", "x-form": { when: { kind: ["a"] } } },
    of_any: { anyOf: [{ type: "number" }, { type: "null" }], "x-form": { when: { limit: null } } },
    limit: { anyOf: [{ type: "number" }, { type: "null" }], default: null },
    thing: { type: "object" },
    thing_id: { type: "string", format: "agent", "x-form": { inline: "thing" } },
    secret: { type: "string", format: "hidden" },
  },
};
const own = resolve(schema, schema);
const names = (value: Record<string, unknown>) =>
  shownFields(own, schema, value).map((field) => field.name);

describe("fields of a form", () => {
  it("are shown by what the fields beside them say, or have as a default", () => {
    const always = ["later", "odd", "sooner", "kind", "limit", "thing_id"];
    expect(names({}).toSorted()).toEqual([...always, "of_a"].toSorted());
    expect(names({ kind: "b", limit: 3 }).toSorted()).toEqual([...always, "of_any"].toSorted());
    expect(names({ kind: "b", limit: null }).toSorted()).toEqual(always.toSorted());
  });

  it("come in their order, and the others are folded away", () => {
    const { main, more } = order(shownFields(own, schema, {}), schema.required ?? []);
    expect(main.map(({ name }) => name)).toEqual(["sooner", "later"]);
    expect(more.map(({ name }) => name)).toContain("odd");
  });

  it("matter when they are required, where none has a place", () => {
    const plain: JsonSchema = {
      properties: { a: { type: "string" }, b: { type: "string" } },
      required: ["b"],
    };
    const fields = shownFields(resolve(plain, plain), plain, {});
    expect(order(fields, ["b"]).main.map(({ name }) => name)).toEqual(["b"]);
    expect(order(fields, []).main.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("have the lines and the words of their hints", () => {
    const field = (name: string) => resolve(schema.properties?.[name] ?? {}, schema);
    expect([linesOf(field("sooner")), linesOf(field("odd"))]).toEqual([7, 3]);
    expect(choiceOf(field("kind"), "a")).toBe("An A");
    expect(choiceOf(field("kind"), "some_choice")).toBe("Some choice");
    expect(choiceOf(field("kind"), "GET")).toBe("GET");
  });
});
