/** The calm frame of the pages one sees before signing in. */
import type { ReactNode } from "react";
import { Logo } from "@/components/logo";
import { cn } from "@/lib/cn";

type AuthFrameProps = {
  title: string;
  description: ReactNode;
  children: ReactNode;
  /** The way to the other page. */
  footer: ReactNode;
  /** For more than a short form. */
  wide?: boolean;
};

export function AuthFrame({ title, description, children, footer, wide }: AuthFrameProps) {
  return (
    <main className="flex min-h-screen flex-col items-center justify-center px-4 py-12">
      <div className={cn("w-full", wide ? "max-w-140" : "max-w-80")}>
        <Logo className="size-8" />
        <h1 className="mt-5 text-lg font-semibold tracking-tight break-words">{title}</h1>
        <p className="mt-1 text-muted">{description}</p>
        <div className="mt-6">{children}</div>
        <p className="mt-6 text-muted">{footer}</p>
      </div>
    </main>
  );
}

export const linkClass = "font-medium text-accent-text underline-offset-2 hover:underline";
