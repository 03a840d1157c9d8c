"use client";

/** Settings, Sessions: where one is signed in, and ending that. */
import { LogOut } from "lucide-react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { ErrorState } from "@/components/error-state";
import { PageHeader } from "@/components/page-header";
import { RelativeTime } from "@/components/relative-time";
import { SkeletonRows } from "@/components/skeleton";
import { toast } from "@/components/toast";
import { useSession } from "@/features/auth";
import { useEndOtherSignIns, useEndSignIn, useSignIns, type SignIn } from "../api";
import { SettingsFrame } from "../frame";

export function SessionsView() {
  const { data, error, refetch } = useSignIns();
  const endOthers = useEndOtherSignIns();
  const { data: session } = useSession();
  const others = data?.items.some(({ current }) => !current);
  return (
    <SettingsFrame title="Sessions">
      <PageHeader
        title="Sessions"
        description={
          session?.sso
            ? "The devices where you are signed in with your company account. End sessions you do not recognise."
            : "The devices where you are signed in. If you do not recognise a session, end it and change your password."
        }
        actions={
          others && (
            <Button
              loading={endOthers.isPending}
              onClick={() =>
                endOthers.mutate(undefined, {
                  onSuccess: () => toast.success("The other sessions have ended"),
                  onError: (problem) => toast.error("The sessions were not ended", problem),
                })
              }
            >
              <LogOut aria-hidden />
              {session?.sso ? "End other sessions" : "Sign out everywhere else"}
            </Button>
          )
        }
      />
      {error && !data && (
        <ErrorState
          error={error}
          title="The sessions could not be loaded"
          onRetry={() => void refetch()}
        />
      )}
      {!error && !data && <SkeletonRows rows={3} />}
      {data && (
        <ul aria-label="Sessions" className="mt-6 divide-y border-y">
          {data.items.map((item) => (
            <Row key={item.id} session={item} />
          ))}
        </ul>
      )}
    </SettingsFrame>
  );
}

function Row({ session }: { session: SignIn }) {
  const { id, device, address, current, last_used_at, created_at } = session;
  const end = useEndSignIn();
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2 font-medium">
          {device}
          {current && <Badge tone="accent">This device</Badge>}
        </p>
        <p className="text-xs text-muted">
          <span className="font-mono">{address || "Unknown address"}</span>
          {" · used "}
          <RelativeTime time={last_used_at} />
          {" · signed in "}
          <RelativeTime time={created_at} />
        </p>
      </div>
      {!current && (
        <Button
          size="sm"
          loading={end.isPending}
          aria-label={`End the session on ${device}`}
          onClick={() =>
            end.mutate(id, {
              onError: (problem) => toast.error("The session was not ended", problem),
            })
          }
        >
          End
        </Button>
      )}
    </li>
  );
}
