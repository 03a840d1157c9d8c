/** Pages for people who are signed in, inside the shell. */
import { Suspense, type ReactNode } from "react";
import { AuthGate } from "@/features/auth";
import { AppShell } from "@/features/shell";

export default function ShellLayout({ children }: { children: ReactNode }) {
  return (
    <AuthGate>
      <AppShell>
        {/* Pages read ?id= from the address, which exists only in the browser. */}
        <Suspense>{children}</Suspense>
      </AppShell>
    </AuthGate>
  );
}
