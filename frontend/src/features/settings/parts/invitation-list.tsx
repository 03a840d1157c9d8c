"use client";

/** Who is invited and has not come yet. */
import { MailPlus, Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { RowMenu } from "@/components/row-menu";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan } from "@/features/auth";
import { useNow } from "@/lib/clock";
import { useUrlState } from "@/lib/url-state";
import { useInvitations, useResendInvitation, useRevokeInvitation, type Invitation } from "../api";
import { roleNames } from "../roles";
import { LinkDialog } from "./link-dialog";

export function InvitationList({ onInvite }: { onInvite: () => void }) {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const writes = useCan("members:write");
  const [link, setLink] = useState<{ email: string; link: string } | null>(null);
  return (
    <>
      <ListPage
        label="Invitations"
        noun="invitations"
        list={useInvitations(search)}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns(writes, (email, url) => setLink({ email, link: url }))}
        rowId={({ id }) => id}
        empty={
          <EmptyState
            icon={<MailPlus />}
            title="No open invitations"
            description="People you invite are listed here until they accept."
            action={writes && <Button onClick={onInvite}>Invite somebody</Button>}
          />
        }
      />
      {link && <LinkDialog {...link} onClose={() => setLink(null)} />}
    </>
  );
}

type OnLink = (email: string, link: string) => void;

function columns(writes: boolean, onLink: OnLink): Column<Invitation>[] {
  return [
    {
      id: "email",
      header: "E-mail",
      cell: ({ email, role, mailed_at }) => (
        <>
          <span className="font-medium">{email}</span>
          <span className="block truncate text-xs text-muted sm:hidden">
            {roleNames[role]}
            {!mailed_at && ", not mailed"}
          </span>
        </>
      ),
    },
    {
      id: "role",
      secondary: true,
      header: "Role",
      className: "w-28",
      cell: ({ role }) => roleNames[role],
    },
    {
      id: "mail",
      secondary: true,
      header: "Mail",
      className: "w-36 max-lg:w-28",
      cell: ({ mailed_at }) =>
        mailed_at ? (
          <RelativeTime time={mailed_at} className="text-muted" />
        ) : (
          <Badge tone="waiting">Not mailed</Badge>
        ),
    },
    {
      id: "expires",
      header: "Expires",
      className: "w-36 max-lg:w-28",
      cell: ({ expires_at }) => <Expiry time={expires_at} />,
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (invitation) => writes && <Actions invitation={invitation} onLink={onLink} />,
    },
  ];
}

export function Expiry({ time }: { time: string | null }) {
  const now = useNow(time !== null);
  if (time === null) return <span className="text-muted">Never</span>;
  if (Date.parse(time) <= now) return <Badge tone="failed">Expired</Badge>;
  return <RelativeTime time={time} className="text-muted" />;
}

function Actions({ invitation, onLink }: { invitation: Invitation; onLink: OnLink }) {
  const { id, email } = invitation;
  const resend = useResendInvitation();
  const revoke = useRevokeInvitation();
  return (
    <RowMenu
      name={email}
      items={[
        {
          label: "Send again",
          icon: <Send aria-hidden />,
          onSelect: () =>
            resend.mutate(id, {
              onSuccess: (sent) =>
                sent?.link
                  ? onLink(email, sent.link)
                  : toast.success(`Invitation mailed to ${email} again`),
              onError: (error) => toast.error("The invitation was not sent", error),
            }),
        },
        { separator: true },
        {
          label: "Revoke",
          icon: <Trash2 aria-hidden />,
          danger: true,
          onSelect: () =>
            revoke.mutate(id, {
              onSuccess: () => toast.success(`The invitation of ${email} is no longer valid`),
              onError: (error) => toast.error("The invitation was not revoked", error),
            }),
        },
      ]}
    />
  );
}
