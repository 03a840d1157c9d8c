"use client";

/** Signing in with the company's account: whether there is one, and what went wrong on the way. */
import { useEffect, useState } from "react";
import { api } from "@/lib/api/client";

const PAUSE_MS = 400;

/** Where an address's company signs in, once somebody has stopped typing; null while it is none. */
export function useCompanySignIn(email: string): string | null {
  const [found, setFound] = useState<{ email: string; start: string | null } | null>(null);
  const complete = /^\S+@[^\s@]+\.[^\s@]+$/.test(email);
  useEffect(() => {
    if (!complete) return;
    const timer = setTimeout(() => {
      api
        .POST("/api/v1/auth/sso/lookup", { body: { email } })
        .then(({ data }) => setFound({ email, start: data?.start ?? null }))
        // Without an answer there is nothing to offer, and the password still works.
        .catch(() => setFound(null));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [email, complete]);
  return complete && found?.email === email ? found.start : null;
}

const problems: Record<string, string> = {
  sso_unknown_domain: "Single sign-on is not set up for this company.",
  sso_provider_away: "Your company's sign-in page does not answer. Try again in a moment.",
  sso_bad_answer: "Your company's sign-in page sent an invalid answer. Try again.",
  sso_refused: "Your company's sign-in page did not let you in.",
  sso_expired: "The sign-in took too long or was started in another browser. Try again.",
  sso_unproved_domain:
    "Your company has not verified the domain of your e-mail address yet. Ask your Watchbill admin.",
  sso_wrong_domain:
    "Your company account has an e-mail address of another domain. Ask your Watchbill admin.",
  sso_no_email: "Your company account has no e-mail address. Ask your company's administrator.",
  sso_no_subject: "Your company account does not identify you. Ask your company's administrator.",
  sso_unverified:
    "Your company has not verified your e-mail address yet. Ask your company's administrator.",
  sso_no_role: "Your company account has no access to Watchbill. Ask your company's administrator.",
  sso_disabled: "Your account is disabled. Ask an admin.",
  sso_account_exists:
    "Your e-mail address already has an account. Sign in with your password, then come back here to connect it.",
};

/** A problem that the server sent people back with, in words; nothing for codes that are not ours. */
export function companyProblem(code: string | null): string | undefined {
  return code ? problems[code] : undefined;
}
