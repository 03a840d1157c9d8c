"use client";

/** The chosen node at the right: its form, its data in the execution that is shown, its settings. */
import { Copy, Trash2, X } from "lucide-react";
import { memo, useEffect, useMemo, useRef } from "react";
import { CodeText } from "@/components/code-text";
import { DraftsProvider } from "@/components/drafts";
import { Field } from "@/components/field";
import { fieldsClass } from "@/components/form-sheet";
import { IconButton } from "@/components/icon-button";
import { Input } from "@/components/input";
import { Tabs } from "@/components/tabs";
import { duplicateSelection, inspectedNode, removeSelection } from "../actions";
import { useEditor, useEditorContext, useEditorStore } from "../context";
import type { FlowNode } from "../model/definition";
import { slug, takenIds, uniqueId } from "../model/ids";
import { resolve, type JsonSchema } from "../model/json-schema";
import type { Path } from "../model/paths";
import { idPath, sameBut } from "../model/levels";
import { runs } from "../model/node-types";
import type { Problem } from "../model/problems";
import { NodeIcon } from "../node-icon";
import { Fields } from "./config-field";
import { Connections } from "./connections";
import { NodeData } from "./data";
import { OpenBody } from "./open-body";
import { focusField } from "./focus-field";
import { FormProvider, useFormValue, useNodeDrafts } from "./form-context";
import { ErrorPolicy } from "./error-policy";
import { NodeSettings } from "./settings";

export const Inspector = memo(function Inspector() {
  const node = useEditor(inspectedNode);
  // A node that gets another id is the same node: its form stays, and what has the focus in it.
  const key = useEditor(({ formKeys }) => node && (formKeys.get(node.id) ?? node.id));
  return node ? <NodeInspector key={key} node={node} /> : null;
});

const CONFIG: Path = ["config"];
const NO_SCHEMA: JsonSchema = {};

/** Drawn again only when what they show is another, not with each letter of the name. */
const ConfigFields = memo(Fields);
const Following = memo(Connections, sameButLabel);
const Failing = memo(ErrorPolicy, sameButLabel);
const Settings = memo(NodeSettings, sameButLabel);

function sameButLabel(before: { node: FlowNode }, after: { node: FlowNode }): boolean {
  return sameBut(before.node, after.node, "label");
}

function NodeInspector({ node }: { node: FlowNode }) {
  const { store, readOnly } = useEditorContext();
  const type = useEditor((state) => state.types.get(node.type));
  const root = type?.config_schema ?? NO_SCHEMA;
  const schema = useMemo(() => resolve(root, root), [root]);
  const form = useFormValue(node.id, node.type, root, node.config);
  const drafts = useNodeDrafts(node.id);
  const doesRun = useEditor((state) => runs(node, state.types));
  const panel = useRef<HTMLElement>(null);
  useFocusRequests(node.id, panel);
  return (
    <aside ref={panel} aria-label="Inspector" className="flex h-full flex-col bg-surface">
      <header className="flex h-12 shrink-0 items-center gap-2 pr-2 pl-4">
        <NodeIcon type={type} />
        <h2 className="min-w-0 flex-1 truncate font-semibold">{type?.title ?? node.type}</h2>
        {!readOnly && (
          <>
            <IconButton
              label="Duplicate"
              keys={["Ctrl", "D"]}
              icon={<Copy aria-hidden />}
              onClick={() => duplicateSelection(store)}
            />
            <IconButton
              label="Remove"
              keys={["Del"]}
              icon={<Trash2 aria-hidden />}
              onClick={() => removeSelection(store)}
            />
          </>
        )}
        <IconButton
          label="Close the inspector"
          keys={["Esc"]}
          icon={<X aria-hidden />}
          onClick={() => store.getState().select([])}
        />
      </header>
      <FormProvider value={form}>
        <DraftsProvider value={drafts}>
          <Tabs
            label="Inspector"
            className="min-h-0 flex-1 px-4"
            tabs={[
              {
                value: "configure",
                label: "Configure",
                content: (
                  // Scrolled by keyboard also where nothing in it takes the focus.
                  <div tabIndex={0} className="-mx-4 h-full overflow-y-auto px-4 pb-6">
                    <OpenBody node={node} />
                    <fieldset disabled={readOnly} className={fieldsClass}>
                      <Loose node={node} />
                      <NameField node={node} />
                      {type && <ConfigFields schema={schema} path={CONFIG} value={node.config} />}
                      {doesRun && (
                        <>
                          <Following node={node} />
                          <hr />
                          <Failing node={node} />
                        </>
                      )}
                      <Settings node={node} />
                    </fieldset>
                  </div>
                ),
              },
              {
                value: "data",
                label: "Data",
                content: (
                  // Scrolled by keyboard also where nothing in it takes the focus.
                  <div tabIndex={0} className="-mx-4 h-full overflow-y-auto px-4 pb-6">
                    <NodeData id={node.id} />
                  </div>
                ),
              },
            ]}
          />
        </DraftsProvider>
      </FormProvider>
    </aside>
  );
}

/** An id that was made from the type, not chosen: it may still follow the name. */
const AUTOMATIC = /^(.+?)(_\d+)?$/;

function NameField({ node }: { node: FlowNode }) {
  const store = useEditorStore();

  function onChange(label: string) {
    const { edit } = store.getState();
    const change = (other: FlowNode) => (other.id === node.id ? { ...other, label } : other);
    edit((flow) => ({ ...flow, nodes: flow.nodes.map(change) }), { key: `${node.id}.label` });
  }
  /** A node named for the first time is also called so in expressions. */
  function followName() {
    const { flow, rename } = store.getState();
    if (AUTOMATIC.exec(node.id)?.[1] !== slug(node.type) || node.label === "") return;
    const base = slug(node.label, node.id);
    if (AUTOMATIC.exec(base)?.[1] === slug(node.type)) return;
    rename(node.id, uniqueId(base, takenIds(flow)), { key: `${node.id}.label` });
  }
  return (
    <div data-field="label">
      <Field label="Name">
        <Input
          value={node.label}
          maxLength={200}
          placeholder={node.id}
          onChange={(event) => onChange(event.target.value)}
          onBlur={() => {
            followName();
            store.getState().settle();
          }}
        />
      </Field>
    </div>
  );
}

/** Problems of the node that no field below shows. */
function Loose({ node }: { node: FlowNode }) {
  const problems = useEditor((state) => state.problems);
  const fresh = useEditor((state) => state.fresh === node.id);
  const path = useEditor((state) => idPath(state.level, node.id));
  const own = problems.filter((problem) => problem.node_id === path && isLoose(problem));
  if (own.length === 0 || fresh) return null;
  return (
    <ul role="alert" className="rounded-md bg-failed-soft px-3 py-2 text-xs text-failed">
      {own.map(({ message }) => (
        <li key={message}>
          <CodeText text={message} />
        </li>
      ))}
    </ul>
  );
}

function isLoose({ field }: Problem): boolean {
  return !field || field === "config" || field === "type";
}

/** Puts the caret where a problem or the Enter key asked for. */
function useFocusRequests(id: string, panel: React.RefObject<HTMLElement | null>) {
  const store = useEditorStore();
  const focus = useEditor((state) => state.focus);
  useEffect(() => {
    if (focus?.nodeId !== id || !panel.current) return;
    focusField(panel.current, focus.field);
    store.getState().setFocus(null);
  }, [focus, id, panel, store]);
}
