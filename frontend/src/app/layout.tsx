/** The document around every page. */
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata } from "next";
import type { ReactNode } from "react";
import "./globals.css";
import { Providers } from "./providers";

export const metadata: Metadata = {
  title: { default: "Watchbill", template: "%s · Watchbill" },
  description: "Draw, run and watch CrewAI flows with your team.",
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // next-themes sets the class before React sees the page.
    <html
      lang="en"
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      suppressHydrationWarning
    >
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
