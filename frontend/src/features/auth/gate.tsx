"use client";

/** Lets only a signed-in person see what is inside. */
import { lazily } from "@/components/lazily";
import { useEffect, type ReactNode } from "react";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { ApiError } from "@/lib/api/error";
import { useSession } from "./session";

/** Loaded when one is opened. */
const Closed = lazily(() => import("./closed").then((it) => it.Closed));

/** Loaded when one is opened. */
const Unverified = lazily(() => import("./unverified").then((it) => it.Unverified));

export function AuthGate({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useSession();
  useReloadWhenKept();
  if (data?.unverified) return <Unverified email={data.user.email} />;
  if (data) return children;
  if (error instanceof ApiError && error.code === "tenant_suspended") return <Closed />;
  // On 401 the browser is already on its way to the sign-in page.
  const leaving = error instanceof ApiError && error.status === 401;
  return (
    <div className="flex h-screen items-center justify-center">
      {error && !leaving ? (
        <ErrorState
          error={error}
          title="Your session could not be loaded"
          onRetry={() => void refetch()}
        />
      ) : (
        <Spinner label="Loading" className="text-muted" />
      )}
    </div>
  );
}

/** A page that the browser kept and shows again may belong to somebody who has signed out since. */
function useReloadWhenKept() {
  useEffect(() => {
    const onShow = ({ persisted }: PageTransitionEvent) => persisted && window.location.reload();
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, []);
}
