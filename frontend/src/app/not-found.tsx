/** An address that leads nowhere. */
import { Compass } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";

export default function NotFound() {
  return (
    <main className="flex min-h-screen items-center justify-center">
      <EmptyState
        heading="h1"
        icon={<Compass />}
        title="This page does not exist"
        description="The address may be mistyped, or the page has moved."
        action={
          <Button asChild>
            <Link href="/">Go home</Link>
          </Button>
        }
      />
    </main>
  );
}
