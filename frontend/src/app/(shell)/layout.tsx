/** Pages for people who are signed in, inside the shell. */
import { Suspense, type ReactNode } from "react";
import { AgentCommands } from "@/features/agents";
import { AuthGate } from "@/features/auth";
import { FlowCommands } from "@/features/flows";
import { ModelCommands } from "@/features/providers";
import { SettingsCommands } from "@/features/settings";
import { AppShell } from "@/features/shell";
import { ToolCommands } from "@/features/tools";

export default function ShellLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {/* Nothing is shown before it is known who is signed in: the browser asks while the scripts are still on their way. */}
      <link rel="preload" as="fetch" href="/api/v1/auth/me" crossOrigin="anonymous" />
      <AuthGate>
        <AppShell>
          <FlowCommands />
          <AgentCommands />
          <ToolCommands />
          <ModelCommands />
          <SettingsCommands />
          {/* Pages read ?id= from the address, which exists only in the browser. */}
          <Suspense>{children}</Suspense>
        </AppShell>
      </AuthGate>
    </>
  );
}
