"use client";

/** The editor's part of the top line: name, version, saved state; problems, run, publish. */
import { CalendarClock, Play, Upload } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { toast } from "@/components/toast";
import { Tooltip } from "@/components/tooltip";
import { useCan } from "@/features/auth";
import { triggersHref } from "@/features/flows";
import { PageBar } from "@/features/shell";
import { publishFlow } from "../api";
import { useEditor, useEditorContext } from "../context";
import type { FlowSync } from "../use-flow-sync";
import { FlowName } from "./flow-name";
import { ProblemsButton } from "./problems-button";
import { SavedState } from "./saved-state";

type EditorBarProps = {
  flowId: string;
  /** The newest published version; null before the first. */
  published: number | null;
  sync: FlowSync;
  starting: boolean;
  onRun: () => void;
};

export function EditorBar({ flowId, published, sync, starting, onRun }: EditorBarProps) {
  const { readOnly } = useEditorContext();
  const mayRun = useCan("flows:execute");
  const [publishing, setPublishing] = useState(false);
  const halfTyped = useEditor((state) => state.problems.some(({ code }) => code === "half_typed"));
  const broken = useEditor((state) => state.problems.some(({ severity }) => severity === "error"));

  async function publish() {
    setPublishing(true);
    try {
      if (!(await sync.flush())) throw new Error("Its latest changes could not be saved.");
      const number = await publishFlow(flowId);
      await sync.refresh();
      toast.success(`Version ${number} published`);
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
      <Badge className="max-xl:hidden">
        {published === null ? "Draft" : `Version ${published}`}
      </Badge>
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
          <ProblemsButton />
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
            <Tooltip label="Publish" className="xl:hidden">
              <Button loading={publishing} disabled={broken} onClick={() => void publish()}>
                <Upload aria-hidden />
                <span className="max-xl:sr-only">Publish</span>
              </Button>
            </Tooltip>
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
