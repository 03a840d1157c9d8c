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
  sso_unknown_domain: "This company does not sign in with its own account here.",
  sso_provider_away: "Your company's sign-in page does not answer. Try again in a moment.",
  sso_bad_answer: "Your company's sign-in page gave an answer that cannot be trusted. Try again.",
  sso_refused: "Your company's sign-in page did not let you in.",
  sso_expired: "Signing in took too long or began in another browser. Try again.",
  sso_unproved_domain:
    "Nothing proves yet that your address belongs to this company. Ask who administers Watchbill there.",
  sso_wrong_domain: "Your company's account has an address of another domain.",
  sso_no_email: "Your company's account does not say your e-mail address. Ask who administers it.",
  sso_no_subject: "Your company's account does not say who you are. Ask who administers it.",
  sso_unverified: "Your company has not verified your e-mail address yet.",
  sso_no_role: "Your company's account does not include Watchbill. Ask who administers it.",
  sso_disabled: "Your account is disabled. Ask an admin.",
  sso_account_exists:
    "There is an account with your address already. Sign in with your password, then come back here to connect it.",
};

/** A problem that the server sent people back with, in words; nothing for codes that are not ours. */
export function companyProblem(code: string | null): string | undefined {
  return code ? problems[code] : undefined;
}
