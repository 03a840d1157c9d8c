"use client";

/** Around every page of the settings: the list of pages at the left, the page beside it. */
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { useSession } from "@/features/auth";
import { PageBar } from "@/features/shell";
import { cn } from "@/lib/cn";
import { settingsGroups, type SettingsPage } from "./pages";

type SettingsFrameProps = {
  /** The page's name, as in the list. */
  title: string;
  /** Buttons in the top line. */
  actions?: ReactNode;
  /** Fills its place edge to edge, as lists do; otherwise a column of text width. */
  wide?: boolean;
  children: ReactNode;
};

export function SettingsFrame({ title, actions, wide, children }: SettingsFrameProps) {
  return (
    <>
      <PageBar
        crumbs={[{ label: "Settings", href: "/settings/" }, { label: title }]}
        actions={actions}
      />
      <div className="flex h-full max-lg:flex-col">
        <Pages />
        <div className="min-h-0 min-w-0 flex-1 overflow-auto">
          {wide ? children : <div className="mx-auto max-w-160 px-6 py-8">{children}</div>}
        </div>
      </div>
    </>
  );
}

function Pages() {
  const { data } = useSession();
  const pathname = usePathname();
  const path = pathname.endsWith("/") ? pathname : `${pathname}/`;
  return (
    <nav
      aria-label="Settings"
      className="flex w-44 shrink-0 flex-col gap-4 overflow-y-auto border-r p-2 max-lg:w-auto max-lg:flex-row max-lg:overflow-x-auto max-lg:border-r-0 max-lg:border-b"
    >
      {settingsGroups.map(({ title, pages }) => {
        const shown = pages.filter(({ needs }) => data?.permissions.includes(needs));
        if (shown.length === 0) return null;
        return (
          <div key={title} className="flex flex-col gap-0.5 max-lg:flex-row">
            <p className="px-2 py-1 text-xs text-muted max-lg:hidden">{title}</p>
            {shown.map((page) => (
              <PageLink key={page.href} page={page} current={path === page.href} />
            ))}
          </div>
        );
      })}
    </nav>
  );
}

/** Where the list is a strip, the page one is on may lie beyond its edge. */
function bringIntoView(link: HTMLAnchorElement | null) {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}

function PageLink({ page, current }: { page: SettingsPage; current: boolean }) {
  const { href, label, icon: Icon } = page;
  return (
    <Link
      ref={current ? bringIntoView : undefined}
      href={href}
      prefetch={false}
      aria-current={current ? "page" : undefined}
      className={cn(
        "flex h-7 shrink-0 items-center gap-2 rounded-md px-2 hover:bg-hover [&_svg]:size-4",
        current ? "bg-hover font-medium text-text" : "text-muted",
      )}
    >
      <Icon aria-hidden className="max-lg:hidden" />
      {label}
    </Link>
  );
}

/** A part of a page, under a heading of its own. */
export function SettingsSection(props: {
  title: string;
  description?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="mt-8 border-t pt-4">
      <h2 className="text-base font-semibold">{props.title}</h2>
      {props.description && <p className="mt-0.5 text-muted">{props.description}</p>}
      <div className="mt-3">{props.children}</div>
    </section>
  );
}
