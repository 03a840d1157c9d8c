/** What a page says when there is nothing yet: what it is for, and the one action that fills it. */
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

type EmptyStateProps = {
  icon: ReactNode;
  title: string;
  /** What the page is for, in a sentence or two. */
  description: ReactNode;
  /** One button. */
  action?: ReactNode;
  /** The level of its title; 1 where it is the whole page. */
  heading?: "h1" | "h2";
  className?: string;
};

export function EmptyState(props: EmptyStateProps) {
  const { icon, title, description, action, heading: Heading = "h2", className } = props;
  return (
    <div
      className={cn("flex flex-col items-center justify-center px-6 py-16 text-center", className)}
    >
      <span aria-hidden className="mb-3 text-muted [&_svg]:size-6 [&_svg]:stroke-[1.5]">
        {icon}
      </span>
      <Heading className="text-base font-semibold">{title}</Heading>
      <p className="mt-1 max-w-96 text-muted">{description}</p>
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}
