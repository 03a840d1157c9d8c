"use client";

/** What of sign-in the pages of those who are signed in seldom need: loaded when it is opened. */
import { lazily } from "@/components/lazily";

export const NewTenantDialog = lazily(() =>
  import("./new-tenant").then((it) => it.NewTenantDialog),
);
