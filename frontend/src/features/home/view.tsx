"use client";

/** Home: what there is to do, in the order a newcomer does it. */
import { ArrowRight, Bot, Cpu, Play, Users, Workflow } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { IconTile, type NodeGroup } from "@/components/icon-tile";
import { PageHeader } from "@/components/page-header";
import { useSession } from "@/features/auth";
import { PageBar } from "@/features/shell";

type Place = { href: string; title: string; text: string; icon: ReactNode; group: NodeGroup };

const places: Place[] = [
  {
    href: "/models/",
    title: "Connect a model",
    text: "Add the provider your agents think with: OpenAI, Anthropic, Ollama, vLLM and others.",
    icon: <Cpu />,
    group: "models",
  },
  {
    href: "/agents/",
    title: "Describe your agents",
    text: "Give each a role, a goal and a backstory, and use it in as many flows as you like.",
    icon: <Bot />,
    group: "agents",
  },
  {
    href: "/crews/",
    title: "Put crews together",
    text: "Agents that share out a list of tasks, one after the other or under a manager.",
    icon: <Users />,
    group: "people",
  },
  {
    href: "/flows/",
    title: "Draw a flow",
    text: "Connect agents, crews, models and conditions on a canvas, then run it.",
    icon: <Workflow />,
    group: "logic",
  },
  {
    href: "/executions/",
    title: "Watch it run",
    text: "Every step with its input, its output, its time and its cost.",
    icon: <Play />,
    group: "flow",
  },
];

export function HomeView() {
  const { data } = useSession();
  const name = data?.user.full_name?.split(" ")[0];
  return (
    <>
      <PageBar crumbs={[{ label: "Home" }]} />
      <div className="mx-auto max-w-180 px-6 py-10">
        <PageHeader
          title={name ? `Hello, ${name}` : "Hello"}
          description={`This is the workspace of ${data?.tenant.name ?? "your team"}.`}
        />
        <ol className="mt-6 border-t">
          {places.map((place) => (
            <li key={place.href}>
              <Link
                href={place.href}
                prefetch={false}
                className="group flex items-center gap-3 border-b px-2 py-3 transition-colors hover:bg-hover"
              >
                <IconTile group={place.group}>{place.icon}</IconTile>
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">{place.title}</span>
                  <span className="block text-muted">{place.text}</span>
                </span>
                <ArrowRight
                  aria-hidden
                  className="size-4 text-muted transition-transform group-hover:translate-x-0.5"
                />
              </Link>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}
