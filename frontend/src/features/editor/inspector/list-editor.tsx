"use client";

/** A list of objects, each with its own fields: added, removed and moved up and down. */
import { ArrowDown, ArrowUp, ChevronRight, Plus, X } from "lucide-react";
import { useState, type ComponentType } from "react";
import { Button } from "@/components/button";
import { IconButton } from "@/components/icon-button";
import { cn } from "@/lib/cn";
import { uniqueId } from "../model/ids";
import { blank, hintsOf, resolve, type Resolved } from "../model/json-schema";
import { dotted, type Path } from "../model/paths";
import { useForm } from "./form-context";

type Item = Record<string, unknown>;

type ListEditorProps = {
  schema: Resolved;
  path: Path;
  value: unknown;
  /** What one entry is called, e.g. "field". */
  word: string;
  /** The form of one entry. */
  fields: ComponentType<{ schema: Resolved; path: Path; value: unknown }>;
};

export function ListEditor({ schema, path, value, word, fields: Fields }: ListEditorProps) {
  const { write, root, problem } = useForm();
  const items = (Array.isArray(value) ? value : []) as Item[];
  const itemSchema = resolve(schema.items ?? {}, root);
  // A new entry gets a free name.
  const nameKey = Object.entries(itemSchema.properties ?? {}).find(
    ([, property]) => hintsOf(property).identifies,
  )?.[0];
  const small = Object.keys(itemSchema.properties ?? {}).length <= 2;
  const [open, setOpen] = useState<number | null>(items.length === 1 ? 0 : null);

  function addItem() {
    const fresh = blank(schema.items ?? {}, root) as Item;
    if (nameKey) {
      const taken = new Set(items.map((item) => String(item[nameKey])));
      fresh[nameKey] = uniqueId(word.replace(/\s/g, "_"), taken);
    }
    write(path, [...items, fresh]);
    setOpen(items.length);
  }
  function move(from: number, to: number) {
    const next = items.slice();
    const [item] = next.splice(from, 1);
    if (item === undefined) return;
    next.splice(to, 0, item);
    write(path, next);
    setOpen((current) => (current === from ? to : current === to ? from : current));
  }
  function remove(index: number) {
    write(path, items.toSpliced(index, 1));
    setOpen(null);
  }
  return (
    <div className="flex flex-col gap-1.5">
      {items.map((item, index) => {
        const at = [...path, index];
        const shown = small || open === index;
        const name = String((nameKey && item[nameKey]) || `${word} ${index + 1}`);
        const wrong = problem(at, true) !== undefined;
        return (
          <div key={index} data-field={dotted(at)} className="rounded-md border">
            <div className="flex h-9 items-center gap-0.5 pr-1 pl-1">
              <button
                type="button"
                aria-expanded={small ? undefined : shown}
                disabled={small}
                data-opener
                onClick={() => setOpen(shown ? null : index)}
                className="flex h-7 min-w-0 flex-1 items-center gap-1 rounded-sm px-1 text-left enabled:hover:bg-hover"
              >
                {!small && (
                  <ChevronRight
                    aria-hidden
                    className={cn(
                      "size-3.5 shrink-0 text-muted transition-transform",
                      shown && "rotate-90",
                    )}
                  />
                )}
                <span className={cn("truncate font-medium", wrong && "text-failed")}>{name}</span>
                {typeof item.type === "string" && (
                  <span className="ml-1 text-xs text-muted">{item.type}</span>
                )}
              </button>
              <IconButton
                label={`Move ${name} up`}
                icon={<ArrowUp aria-hidden />}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              />
              <IconButton
                label={`Move ${name} down`}
                icon={<ArrowDown aria-hidden />}
                disabled={index === items.length - 1}
                onClick={() => move(index, index + 1)}
              />
              <IconButton
                label={`Remove ${name}`}
                icon={<X aria-hidden />}
                onClick={() => remove(index)}
              />
            </div>
            {shown && (
              <div className="flex flex-col gap-3 border-t p-2.5">
                <Fields schema={itemSchema} path={at} value={item} />
              </div>
            )}
          </div>
        );
      })}
      <Button size="sm" variant="ghost" className="self-start" onClick={addItem}>
        <Plus aria-hidden />
        Add {/^[aeiou]/.test(word) ? "an" : "a"} {word}
      </Button>
    </div>
  );
}
