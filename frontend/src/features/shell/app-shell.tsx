"use client";

/** The house around every page: rail, top line, and the page itself, which scrolls. */
import { useMemo, useState, type ReactNode } from "react";
import { BarSlots } from "./page-bar";
import { Palette } from "./palette";
import { PersonMenu } from "./person-menu";
import { Rail } from "./rail";
import { TenantMenu } from "./tenant-menu";

export function AppShell({ children }: { children: ReactNode }) {
  const [crumbs, setCrumbs] = useState<HTMLElement | null>(null);
  const [actions, setActions] = useState<HTMLElement | null>(null);
  const slots = useMemo(() => ({ crumbs, actions }), [crumbs, actions]);
  return (
    <div className="flex h-screen overflow-hidden">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 shadow-float focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <Rail />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex min-h-12 shrink-0 items-center gap-2 border-b bg-surface pr-2 pl-4 max-md:flex-wrap max-md:py-2">
          <nav
            aria-label="Breadcrumb"
            ref={setCrumbs}
            className="flex min-w-0 flex-1 items-center gap-2 overflow-hidden"
          />
          <Palette />
          {/* Where there is no room for it in the line, it has one of its own. */}
          <div
            ref={setActions}
            className="flex items-center gap-2 empty:hidden max-md:order-last max-md:w-full max-md:flex-wrap"
          />
          <TenantMenu />
          <PersonMenu />
        </header>
        <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-auto outline-none">
          <BarSlots value={slots}>{children}</BarSlots>
        </main>
      </div>
    </div>
  );
}
