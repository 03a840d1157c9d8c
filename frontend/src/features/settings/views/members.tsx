"use client";

/** Settings, Members: who belongs to the tenant, who is invited, and what the roles may do. */
import { lazily } from "@/components/lazily";
import { UserPlus } from "lucide-react";
import { Button } from "@/components/button";
import { Tabs } from "@/components/tabs";
import { useCan } from "@/features/auth";
import { useUrlState } from "@/lib/url-state";
import { SettingsFrame } from "../frame";
import { InvitationList } from "../parts/invitation-list";
import { MemberList } from "../parts/member-list";
import { RoleTable } from "../parts/role-table";

/** Loaded when one is opened. */
const InviteDialog = lazily(() => import("../parts/invite-dialog").then((it) => it.InviteDialog));

export function MembersView() {
  const [params, change] = useUrlState();
  const writes = useCan("members:write");
  const invite = () => change({ invite: "1" });
  return (
    <SettingsFrame
      title="Members"
      wide
      actions={
        writes && (
          <Button variant="primary" onClick={invite}>
            <UserPlus aria-hidden />
            Invite
          </Button>
        )
      }
    >
      <h1 className="sr-only">Members</h1>
      <Tabs
        label="Members"
        flush
        className="h-full"
        value={params.get("tab") ?? "members"}
        onChange={(tab) => change({ tab: tab === "members" ? null : tab, q: null })}
        tabs={[
          { value: "members", label: "Members", content: <MemberList /> },
          {
            value: "invitations",
            label: "Invitations",
            content: <InvitationList onInvite={invite} />,
          },
          { value: "roles", label: "Roles", content: <RoleTable /> },
        ]}
      />
      {params.get("invite") && writes && <InviteDialog onClose={() => change({ invite: null })} />}
    </SettingsFrame>
  );
}
