"use client";

/** Home: what to do first while anything of that is left, then what has happened lately. */
import { PageHeader } from "@/components/page-header";
import { SkeletonRows } from "@/components/skeleton";
import { useSession } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { useHasModel, useRecentExecutions, useRecentFlows } from "./api";
import { FirstSteps } from "./parts/first-steps";
import { RecentExecutions, RecentFlows } from "./parts/recent";

export function HomeView() {
  const { data } = useSession();
  const name = data?.user.full_name?.split(" ")[0];
  const hasModel = useHasModel();
  const flows = useRecentFlows();
  const executions = useRecentExecutions();
  const known = hasModel !== undefined && flows.data && executions.data;
  const broken = flows.error ?? executions.error;
  const hasFlow = Boolean(flows.data?.length);
  const hasRun = Boolean(executions.data?.items.length);
  return (
    <>
      <PageBar crumbs={[{ label: "Home" }]} />
      <div className="mx-auto max-w-180 px-6 py-10">
        <PageHeader
          title={name ? `Hello, ${name}` : "Hello"}
          description={`You are in the tenant ${data?.tenant.name ?? "of your team"}.`}
        />
        {known && !(hasModel && hasFlow && hasRun) && (
          <FirstSteps hasModel={hasModel} flowId={flows.data[0]?.id ?? null} hasRun={hasRun} />
        )}
        {known || broken ? (
          <>
            <RecentExecutions list={executions} />
            <RecentFlows list={flows} />
          </>
        ) : (
          // All at once: the steps stand above the lists and would push them down.
          <div className="mt-8 border-t">
            <SkeletonRows rows={8} />
          </div>
        )}
      </div>
    </>
  );
}
