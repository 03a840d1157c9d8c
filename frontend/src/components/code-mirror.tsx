"use client";

/** CodeMirror with our looks; reach it through code-editor.tsx, which loads it on demand. */
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import type { Extension } from "@codemirror/state";
import { tags } from "@lezer/highlight";
import CodeMirror, { EditorView } from "@uiw/react-codemirror";
import { useEffect, useMemo, useState } from "react";
import type { ControlAria } from "./field";

export type CodeEditorProps = ControlAria & {
  value: string;
  onChange?: (value: string) => void;
  language?: "json" | "python" | "text";
  readOnly?: boolean;
  placeholder?: string;
  /** CSS lengths; the editor grows between them. */
  minHeight?: string;
  maxHeight?: string;
  /** Shown at the left; off for short fields. */
  lineNumbers?: boolean;
  /** More CodeMirror, e.g. completion of upstream values; keep it stable between renders. */
  extensions?: Extension[];
};

const looks = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "12px" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--font-mono)", padding: "6px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--surface)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--accent) 28%, transparent) !important",
  },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--text)",
    backgroundColor: "var(--hover)",
  },
});

const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.propertyName, color: "var(--accent-text)" },
    { tag: tags.string, color: "var(--completed)" },
    { tag: tags.number, color: "var(--group-tools)" },
    { tag: [tags.bool, tags.null, tags.keyword], color: "var(--group-agents)" },
    { tag: tags.comment, color: "var(--muted)" },
  ]),
);

/** The grammar of Python, once it is loaded: few pages need it. Without it the text has one colour. */
function usePython(wanted: boolean): Extension | null {
  const [grammar, setGrammar] = useState<Extension | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    import("@codemirror/lang-python").then(
      ({ python }) => here && setGrammar(python()),
      () => undefined,
    );
    return () => {
      here = false;
    };
  }, [wanted]);
  return grammar;
}

export default function CodeMirrorEditor(props: CodeEditorProps) {
  const { value, onChange, language = "json", readOnly, placeholder, extensions: more } = props;
  const { id, minHeight = "72px", maxHeight = "400px", lineNumbers = false } = props;
  const described = props["aria-describedby"];
  const labelledBy = props["aria-labelledby"];
  const label = props["aria-label"];
  const invalid = Boolean(props["aria-invalid"]);
  const required = Boolean(props["aria-required"]);

  const python = usePython(language === "python");

  const extensions = useMemo(() => {
    const aria: Record<string, string> = { "aria-invalid": String(invalid), tabindex: "0" };
    if (id) aria.id = id;
    if (described) aria["aria-describedby"] = described;
    if (labelledBy) aria["aria-labelledby"] = labelledBy;
    if (label) aria["aria-label"] = label;
    if (required) aria["aria-required"] = "true";
    // An empty field is not broken JSON; whether it may be empty is the form's business.
    const lint = linter((view) => (view.state.doc.length === 0 ? [] : jsonParseLinter()(view)));
    return [
      looks,
      colours,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of(aria),
      ...(language === "json" ? [json(), ...(readOnly ? [] : [lint])] : []),
      ...(python ? [python] : []),
      ...(more ?? []),
    ];
  }, [language, python, readOnly, more, id, described, labelledBy, label, invalid, required]);

  return (
    <CodeMirror
      value={value}
      onChange={onChange}
      theme="none"
      readOnly={readOnly}
      placeholder={placeholder}
      minHeight={minHeight}
      maxHeight={maxHeight}
      indentWithTab={false}
      basicSetup={{ lineNumbers, foldGutter: lineNumbers, searchKeymap: true }}
      extensions={extensions}
      aria-invalid={invalid || undefined}
      className="overflow-hidden rounded-md border border-control focus-within:border-accent-text focus-within:outline-1 focus-within:outline-accent-text aria-invalid:border-failed"
    />
  );
}
