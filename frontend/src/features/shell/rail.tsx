"use client";

/** The left rail: every place, folding to icons; the fold is remembered. */
import { PanelLeftClose, PanelLeftOpen } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { IconButton } from "@/components/icon-button";
import { Logo } from "@/components/logo";
import { Tooltip } from "@/components/tooltip";
import { cn } from "@/lib/cn";
import { useStored } from "@/lib/stored";
import { isCurrent, isRoomy, railGroups, settingsPage, type ShellPage } from "./pages";

export function Rail() {
  const roomy = isRoomy(usePathname());
  const [folded, setFolded] = useStored<boolean>(
    roomy ? "rail.folded.roomy" : "rail.folded",
    roomy,
  );
  return (
    <nav
      aria-label="Main"
      className={cn(
        "flex shrink-0 flex-col border-r bg-surface p-2 transition-[width]",
        folded ? "w-12" : "w-52 max-lg:w-12",
      )}
    >
      <Link
        href="/"
        prefetch={false}
        aria-label="Watchbill, home"
        className="mb-3 flex h-8 items-center gap-2 rounded-md px-1 font-semibold"
      >
        <Logo />
        {!folded && <span className="max-lg:hidden">Watchbill</span>}
      </Link>
      {railGroups.map((group, index) => (
        <ul key={index} className="mb-4 flex flex-col gap-0.5">
          {group.map((page) => (
            <RailLink key={page.href} page={page} folded={folded} />
          ))}
        </ul>
      ))}
      <ul className="mt-auto mb-1">
        <RailLink page={settingsPage} folded={folded} />
      </ul>
      <IconButton
        label={folded ? "Expand the sidebar" : "Collapse the sidebar"}
        side="right"
        size="md"
        icon={folded ? <PanelLeftOpen aria-hidden /> : <PanelLeftClose aria-hidden />}
        aria-expanded={!folded}
        onClick={() => setFolded(!folded)}
        className="text-muted max-lg:hidden"
      />
    </nav>
  );
}

function RailLink({ page, folded }: { page: ShellPage; folded: boolean }) {
  const current = isCurrent(page.href, usePathname());
  const Icon = page.icon;
  const link = (
    <Link
      href={page.href}
      prefetch={false}
      aria-current={current ? "page" : undefined}
      className={cn(
        "flex h-8 items-center gap-2.5 rounded-md px-2 text-muted transition-colors hover:bg-hover hover:text-text [&_svg]:size-4 [&_svg]:shrink-0",
        current && "bg-hover font-medium text-text",
      )}
    >
      <Icon aria-hidden className={cn(current && "text-accent-text")} />
      <span className={folded ? "sr-only" : "max-lg:sr-only"}>{page.label}</span>
      {page.badge && <page.badge folded={folded} />}
    </Link>
  );
  return (
    <li>
      {/* The names are hidden when it is folded, and where there is no room for them. */}
      <Tooltip label={page.label} side="right" className={folded ? undefined : "lg:hidden"}>
        {link}
      </Tooltip>
    </li>
  );
}
