"use client";

/** What was typed into JSON fields and cannot be read yet: it is kept, and no form goes out with an older value instead. */
import { createContext, use, useCallback, useMemo, useState } from "react";

export type Drafts = {
  /** By the field's name. */
  texts: Readonly<Record<string, string>>;
  /** Null: the field can be read. */
  keep: (name: string, text: string | null) => void;
};

const Context = createContext<Drafts | null>(null);

export const DraftsProvider = Context.Provider;

export function useDrafts(): Drafts {
  const drafts = use(Context);
  if (!drafts) throw new Error("A JSON field needs a form that keeps its drafts.");
  return drafts;
}

/** Drafts that live as long as the form. */
export function useFormDrafts(): Drafts {
  const [texts, setTexts] = useState<Record<string, string>>({});
  const keep = useCallback(
    (name: string, text: string | null) => setTexts((before) => withDraft(before, name, text)),
    [],
  );
  return useMemo(() => ({ texts, keep }), [texts, keep]);
}

/** The same record when nothing changes. */
export function withDraft(
  texts: Readonly<Record<string, string>>,
  name: string,
  text: string | null,
): Record<string, string> {
  if (text !== null) return texts[name] === text ? texts : { ...texts, [name]: text };
  if (!(name in texts)) return texts;
  return Object.fromEntries(Object.entries(texts).filter(([other]) => other !== name));
}
