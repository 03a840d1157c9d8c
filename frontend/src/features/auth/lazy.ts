"use client";

/** What of sign-in the pages of those who are signed in seldom need: loaded when it is opened. */
import dynamic from "next/dynamic";

export const NewTenantDialog = dynamic(
  () => import("./new-tenant").then((it) => it.NewTenantDialog),
  { ssr: false },
);
