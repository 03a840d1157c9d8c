"use client";

/** A text field that offers values and functions: on `{{` in a template, at any path in CEL, and by a button. */
import { Braces } from "lucide-react";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { ControlAria } from "@/components/field";
import { IconButton } from "@/components/icon-button";
import { optionId, Suggestions } from "@/components/suggestions";
import { Textarea } from "@/components/textarea";
import { cn } from "@/lib/cn";
import { openExpression, openInTemplate, openPath } from "../model/expressions";
import { useForm } from "./form-context";
import { useValueOptions, type ValueOption } from "./value-options";

type ExpressionFieldProps = ControlAria & {
  value: string;
  onChange: (value: string) => void;
  mode: "template" | "cel";
  lines?: number;
  placeholder?: string;
  /** It is evaluated when the node's body has run, and reads from there. */
  inside?: boolean;
};

/** Whether the list is open because of what is typed, or because it was asked for. */
type Opened = "typing" | "asked" | null;

export function ExpressionField(props: ExpressionFieldProps) {
  const { value, onChange, mode, lines = 1, placeholder, inside, ...aria } = props;
  const { nodeId } = useForm();
  const listId = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const nextCaret = useRef<number | null>(null);
  const [opened, setOpened] = useState<Opened>(null);
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);

  const typed = find(mode, value, caret);
  const open = opened === "asked" || (opened === "typing" && typed !== null);
  const query = opened === "typing" ? (typed?.query.trim() ?? "") : "";
  const options = useValueOptions(nodeId, open, query, inside);
  const chosen = Math.min(active, Math.max(0, options.length - 1));
  const visible = open && (opened === "asked" || mode === "template" || options.length > 0);

  // React puts the caret at the end when a value changes from outside of typing.
  useLayoutEffect(() => {
    if (nextCaret.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(nextCaret.current, nextCaret.current);
    nextCaret.current = null;
  }, [value]);

  function pick(expression: string) {
    const option = options.find((one) => one.expression === expression);
    if (!option) return;
    const { text, at } = insert(mode, value, caret, opened === "typing" ? typed : null, option);
    nextCaret.current = at;
    setOpened(null);
    setCaret(at);
    onChange(text);
  }
  function onKeyDown(event: KeyboardEvent) {
    if (!visible) {
      if (event.key === " " && event.ctrlKey) {
        event.preventDefault();
        ask();
      }
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setActive((chosen + step + options.length) % Math.max(1, options.length));
    else if (event.key === "Escape") setOpened(null);
    else if ((event.key === "Enter" || event.key === "Tab") && options[chosen]) {
      pick(options[chosen].expression);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function ask() {
    setCaret(field.current?.selectionStart ?? value.length);
    setActive(0);
    setOpened("asked");
    field.current?.focus();
  }
  return (
    <Suggestions
      open={visible}
      onClose={() => setOpened(null)}
      options={options.map(toSuggestion)}
      active={chosen}
      onPick={pick}
      id={listId}
      label="Values and functions"
      empty={
        query
          ? "No value or function matches."
          : "There are no values yet. Connect a node before this node, or add a field to the Input node."
      }
      anchor={
        <div className="relative">
          <Textarea
            {...aria}
            ref={field}
            rows={lines}
            value={value}
            mono={mode === "cel"}
            spellCheck={mode === "template"}
            placeholder={placeholder}
            aria-controls={visible ? listId : undefined}
            aria-activedescendant={
              visible && options.length > 0 ? optionId(listId, chosen) : undefined
            }
            aria-autocomplete="list"
            onChange={(event) => {
              setCaret(event.target.selectionStart);
              setActive(0);
              setOpened("typing");
              onChange(event.target.value);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onBlur={() => setOpened(null)}
            className={cn("pr-9", lines === 1 && "min-h-8 py-1.25")}
          />
          <IconButton
            label="Insert a value"
            keys={["Ctrl", "Space"]}
            icon={<Braces aria-hidden />}
            // Keeps the caret in the field.
            onPointerDown={(event) => event.preventDefault()}
            onClick={ask}
            className="absolute top-0.5 right-0.5 text-muted"
          />
        </div>
      }
    />
  );
}

type Typed = { start: number; query: string; bare: boolean } | null;

function find(mode: "template" | "cel", text: string, caret: number): Typed {
  if (mode === "template") return openInTemplate(text, caret);
  const path = openPath(text, caret);
  return path.query === "" ? null : { ...path, bare: true };
}

/** The text with the expression at the caret, and where the caret goes: into the brackets that are to be filled. */
function insert(
  mode: "template" | "cel",
  text: string,
  caret: number,
  typed: Typed,
  { expression, open }: ValueOption,
) {
  const before = text.slice(0, typed?.start ?? caret);
  const bare = mode === "cel" || (typed ? typed.bare : openExpression(text, caret) !== null);
  // Braces that are already there are not doubled, and neither are the brackets of a call.
  const after = text.slice(caret).replace(bare ? /^$/ : /^[ \t]*\}\}/, "");
  const called = after.startsWith("(") && expression.endsWith("()");
  const call = called ? expression.slice(0, -2) : expression;
  const piece = bare ? call : `{{ ${call} }}`;
  const inside = open && !called ? piece.lastIndexOf(")") : piece.length;
  return { text: before + piece + after, at: before.length + inside };
}

function toSuggestion({ expression, heading, name, kind, says }: ValueOption) {
  return {
    value: expression,
    heading,
    content: (
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="flex items-baseline gap-2">
          <span className="min-w-0 truncate font-mono text-xs">{name}</span>
          {kind && <span className="ml-auto shrink-0 text-xs text-muted">{kind}</span>}
        </span>
        {says !== null && <span className="truncate text-xs text-muted">{says}</span>}
      </span>
    ),
  };
}
