"use client";

/** The top line: where one is at the left, what the page can do at the right. */
import Link from "next/link";
import { createContext, Fragment, use, type ReactNode } from "react";
import { createPortal } from "react-dom";

export type Crumb = { label: ReactNode; href?: string };

/** The two places in the top line that the page fills; null until the shell is mounted. */
export const BarSlots = createContext<{ crumbs: HTMLElement | null; actions: HTMLElement | null }>({
  crumbs: null,
  actions: null,
});

type PageBarProps = {
  /** From the outer place to this one; the last is where one is. */
  crumbs: Crumb[];
  /** The page's own buttons, the main one last. */
  actions?: ReactNode;
};

/** Rendered anywhere in a page; it appears in the top line. */
export function PageBar({ crumbs, actions }: PageBarProps) {
  const slots = use(BarSlots);
  return (
    <>
      {slots.crumbs && createPortal(<Breadcrumb crumbs={crumbs} />, slots.crumbs)}
      {slots.actions && actions && createPortal(actions, slots.actions)}
    </>
  );
}

function Breadcrumb({ crumbs }: { crumbs: Crumb[] }) {
  return crumbs.map(({ label, href }, index) => (
    <Fragment key={index}>
      {index > 0 && (
        <span aria-hidden className="text-muted">
          /
        </span>
      )}
      {href ? (
        <Link
          href={href}
          prefetch={false}
          className="min-w-0 truncate text-muted first:shrink-0 hover:text-text"
        >
          {label}
        </Link>
      ) : (
        <span
          aria-current={index === crumbs.length - 1 ? "page" : undefined}
          className="min-w-0 truncate font-medium"
        >
          {label}
        </span>
      )}
    </Fragment>
  ));
}
