"use client";

/** The editor's part of the top line: name, version, saved state; problems, run, publish. */
import { CalendarClock, Play, Upload } from "lucide-react";
import Link from "next/link";
import { useState, type ReactElement } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { CodeText } from "@/components/code-text";
import { toast } from "@/components/toast";
import { Tooltip } from "@/components/tooltip";
import { useCan } from "@/features/auth";
import { triggersHref } from "@/features/flows";
import { PageBar } from "@/features/shell";
import { publishFlow } from "../api";
import { useEditor, useEditorContext } from "../context";
import type { FlowSync } from "../use-flow-sync";
import { FlowName } from "./flow-name";
import { isError, placeWords, ProblemsButton, type ProblemsShown } from "./problems-button";
import { SavedState } from "./saved-state";

type EditorBarProps = {
  flowId: string;
  sync: FlowSync;
  starting: boolean;
  /** Why the problems are listed; null while they are not. */
  problemsShown: ProblemsShown | null;
  onShowProblems: (shown: ProblemsShown | null) => void;
  onRun: () => void;
};

export function EditorBar(props: EditorBarProps) {
  const { flowId, sync, starting, problemsShown, onShowProblems, onRun } = props;
  const { store, readOnly } = useEditorContext();
  const mayRun = useCan("flows:execute");
  const [publishing, setPublishing] = useState(false);
  const halfTyped = useEditor((state) => state.problems.some(({ code }) => code === "half_typed"));

  async function publish() {
    setPublishing(true);
    try {
      if (!(await sync.flush())) throw new Error("Its latest changes could not be saved.");
      if (store.getState().problems.some(isError)) return onShowProblems("publish");
      const { number, isNew } = await publishFlow(flowId);
      await sync.refresh();
      if (isNew) toast.success(`Version ${number} published`);
      else toast.success(`Nothing has changed since version ${number}`);
    } catch (error) {
      toast.error("The flow was not published", error);
    } finally {
      setPublishing(false);
    }
  }
  const title = (
    <span className="flex min-w-0 items-center gap-2">
      {readOnly ? (
        <span className="truncate">{sync.name}</span>
      ) : (
        <FlowName name={sync.name} onRename={sync.rename} />
      )}
      <VersionBadge published={sync.published} />
      {readOnly ? (
        <Badge>Read only</Badge>
      ) : (
        <SavedState
          state={sync.state}
          halfTyped={halfTyped}
          onRetry={() => void sync.flush()}
          onReload={() => void sync.reload()}
          onOverwrite={sync.overwrite}
        />
      )}
    </span>
  );
  return (
    <PageBar
      crumbs={[{ label: "Flows", href: "/flows/" }, { label: title }]}
      actions={
        <>
          <ProblemsButton shown={problemsShown} onShow={onShowProblems} />
          {/* Words make room for the name and whether it is saved, the less needed ones first. */}
          <Tooltip label="Triggers" className="2xl:hidden">
            <Button asChild variant="ghost">
              <Link href={triggersHref(flowId)} prefetch={false}>
                <CalendarClock aria-hidden />
                <span className="max-2xl:sr-only">Triggers</span>
              </Link>
            </Button>
          </Tooltip>
          {!readOnly && (
            <PublishButton>
              {(obstacle) => (
                <Button
                  loading={publishing}
                  aria-disabled={obstacle || undefined}
                  onClick={() => (obstacle ? onShowProblems("publish") : void publish())}
                >
                  <Upload aria-hidden />
                  <span className="max-xl:sr-only">Publish</span>
                </Button>
              )}
            </PublishButton>
          )}
          {mayRun && (
            <Button variant="primary" loading={starting} onClick={onRun}>
              <Play aria-hidden />
              Run
            </Button>
          )}
        </>
      }
    />
  );
}

/** Says which version this is, or that it is one no longer. */
function VersionBadge({ published }: Pick<FlowSync, "published">) {
  if (published && !published.changed) {
    return <Badge className="max-xl:hidden">Version {published.number}</Badge>;
  }
  if (!published) return <Badge className="max-xl:hidden">Draft</Badge>;
  const rest = `changed since version ${published.number}`;
  return (
    <Tooltip label={`Draft, ${rest}`}>
      {/* The top line has no room for all of it on a small screen. */}
      <button type="button" className="cursor-default rounded-sm max-xl:hidden">
        <Badge>
          <span>
            Draft<span className="max-2xl:sr-only">, {rest}</span>
          </span>
        </Badge>
      </button>
    </Tooltip>
  );
}

/** What is grey says why: the tooltip names the first error, and the button leads to all of them. */
function PublishButton({ children }: { children: (obstacle: boolean) => ReactElement }) {
  const errors = useEditor((state) => state.problems);
  const whole = useEditor((state) => state.history.present);
  const types = useEditor((state) => state.types);
  const first = errors.find(isError);
  if (!first) {
    return (
      <Tooltip label="Publish" className="xl:hidden">
        {children(false)}
      </Tooltip>
    );
  }
  const place = placeWords(whole, first, types);
  const why = `Fix this first${place && ` (${place})`}: ${first.message}`;
  return <Tooltip label={<CodeText text={why} />}>{children(true)}</Tooltip>;
}
