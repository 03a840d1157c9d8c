"use client";

/** Create an account together with its first tenant; by a mailed link, where addresses must be proved. */
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { ErrorState } from "@/components/error-state";
import { Skeleton } from "@/components/skeleton";
import { api } from "@/lib/api/client";
import { leaveFor } from "@/lib/api/transport";
import { linkClass } from "../frame";
import { MailRequest } from "../mail-request";
import { useMailedAddress, useMailedToken } from "../mailed-token";
import { REGISTRATION, Registration, RegistrationFrame } from "../registration";

export function RegisterView() {
  const next = useSearchParams().get("next");
  const token = useMailedToken();
  const email = useMailedAddress() ?? "";
  const { data, error, refetch } = useQuery({
    queryKey: ["registration"],
    enabled: token === "",
    queryFn: async ({ signal }) => {
      const { data } = await api.GET("/api/v1/auth/register", { signal });
      if (!data) throw new Error("The server sent no answer about registering.");
      return data;
    },
  });
  const signIn = (
    <>
      Already have an account?{" "}
      <Link
        href={next ? `/login/?next=${encodeURIComponent(next)}` : "/login/"}
        className={linkClass}
      >
        Sign in
      </Link>
    </>
  );
  if (token) {
    const footer = (
      <>
        {signIn}
        <AnotherLink />
      </>
    );
    return <Registration next={next} mailed={{ token, email }} footer={footer} />;
  }
  if (data?.link_needed) {
    return (
      <MailRequest
        {...REGISTRATION}
        description="First we mail you a link to confirm your address."
        send={(body) => api.POST("/api/v1/auth/register/send", { body })}
        sent={(address) =>
          `We mailed a link to ${address}. Follow it to create your account. The link works for an hour.`
        }
        footer={signIn}
      />
    );
  }
  if (data) return <Registration next={next} footer={signIn} />;
  return (
    <RegistrationFrame footer={signIn}>
      {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Waiting />}
    </RegistrationFrame>
  );
}

function AnotherLink() {
  return (
    <span className="mt-3 block">
      Has the link expired?{" "}
      <button type="button" className={linkClass} onClick={() => leaveFor("/register/")}>
        Ask for a new link
      </button>
    </span>
  );
}

/** As tall as the form that follows. */
function Waiting() {
  return (
    <div role="status" className="flex h-94 flex-col gap-4">
      <span className="sr-only">Loading</span>
      {["name", "email", "password", "tenant"].map((field) => (
        <Skeleton key={field} className="h-12" />
      ))}
    </div>
  );
}
