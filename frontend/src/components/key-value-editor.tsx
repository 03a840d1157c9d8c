"use client";

/** Names and values as rows (headers, template values); the order is kept. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { Button } from "./button";
import type { ControlAria } from "./field";
import { IconButton } from "./icon-button";
import { Input } from "./input";

type Row = { key: string; value: string };

type KeyValueEditorProps = ControlAria & {
  value: Record<string, string>;
  onChange: (value: Record<string, string>) => void;
  keyLabel?: string;
  valueLabel?: string;
  /** The verb on the button that adds a row. */
  addLabel?: string;
  /** Values are expressions or code. */
  mono?: boolean;
  disabled?: boolean;
};

export function KeyValueEditor(props: KeyValueEditorProps) {
  const { value, onChange, keyLabel = "Name", valueLabel = "Value", addLabel = "Add" } = props;
  const { mono, disabled, id, ...aria } = props;
  // Rows are kept here because a half-typed name may be empty or equal to another one.
  const [rows, setRows] = useState<Row[]>(() => toRows(value));
  const shown = same(toRecord(rows), value) ? rows : toRows(value);
  const keys = shown.map((row) => row.key);

  function update(next: Row[]) {
    setRows(next);
    onChange(toRecord(next));
  }
  function edit(index: number, change: Partial<Row>) {
    update(shown.map((row, at) => (at === index ? { ...row, ...change } : row)));
  }
  return (
    <div
      role="group"
      id={id}
      aria-labelledby={aria["aria-labelledby"]}
      aria-describedby={aria["aria-describedby"]}
      className="flex flex-col gap-1"
    >
      {shown.map((row, index) => (
        <div key={index} className="flex items-start gap-1">
          <Input
            mono
            aria-label={`${keyLabel} ${index + 1}`}
            aria-invalid={keys.indexOf(row.key) !== index || undefined}
            placeholder={keyLabel}
            value={row.key}
            disabled={disabled}
            onChange={(event) => edit(index, { key: event.target.value })}
            className="w-2/5"
          />
          <Input
            mono={mono}
            aria-label={`${valueLabel} ${index + 1}`}
            placeholder={valueLabel}
            value={row.value}
            disabled={disabled}
            onChange={(event) => edit(index, { value: event.target.value })}
          />
          <IconButton
            size="md"
            label={`Remove ${row.key || "row"}`}
            icon={<X aria-hidden />}
            disabled={disabled}
            onClick={() => update(shown.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button
        size="sm"
        variant="ghost"
        disabled={disabled}
        className="self-start"
        onClick={() => setRows([...shown, { key: "", value: "" }])}
      >
        <Plus aria-hidden />
        {addLabel}
      </Button>
    </div>
  );
}

function toRows(value: Record<string, string>): Row[] {
  return Object.entries(value).map(([key, text]) => ({ key, value: text }));
}

/** The first of two equal names wins; a row without a name is not part of the value yet. */
function toRecord(rows: Row[]): Record<string, string> {
  const named = rows.filter((row) => row.key.trim() !== "");
  return Object.fromEntries(
    named
      .toReversed()
      .map((row) => [row.key, row.value])
      .toReversed(),
  );
}

function same(one: Record<string, string>, two: Record<string, string>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(two).length && keys.every((key) => one[key] === two[key]);
}
