"use client";

/** The members of the tenant, with their roles. */
import { UserMinus, Users } from "lucide-react";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { ListPage } from "@/components/list-page";
import { RelativeTime } from "@/components/relative-time";
import { RowMenu } from "@/components/row-menu";
import { Select } from "@/components/select";
import type { Column } from "@/components/table";
import { toast } from "@/components/toast";
import { useCan, useSession } from "@/features/auth";
import { useUrlState } from "@/lib/url-state";
import { useChangeRole, useMembers, type Member, type Role } from "../api";
import { roleNames, roleOptions } from "../roles";
import { RemoveDialog } from "./remove-member";

export function MemberList() {
  const [params, change] = useUrlState();
  const search = params.get("q") ?? "";
  const [removing, setRemoving] = useState<Member | null>(null);
  const writes = useCan("members:write");
  const { data: session } = useSession();
  return (
    <>
      <ListPage
        label="Members"
        noun="members"
        list={useMembers(search)}
        search={search}
        onSearch={(q) => change({ q: q || null })}
        columns={columns(writes, session?.user.id, setRemoving)}
        rowId={({ user_id }) => user_id}
        empty={
          <EmptyState
            icon={<Users />}
            title="No members"
            description="This tenant has no members."
          />
        }
      />
      {removing && <RemoveDialog member={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

const nameOf = ({ full_name, email }: Member) => full_name || email;

function columns(
  writes: boolean,
  me: string | undefined,
  onRemove: (member: Member) => void,
): Column<Member>[] {
  return [
    {
      id: "name",
      header: "Name",
      cell: (member) => (
        <span className="block min-w-0">
          <span className="flex gap-1 font-medium">
            <span className="truncate">{nameOf(member)}</span>
            {member.user_id === me && <span className="font-normal text-muted">(you)</span>}
          </span>
          {member.full_name && (
            <span className="block truncate text-xs text-muted">{member.email}</span>
          )}
          <span className="block text-xs text-muted sm:hidden">
            Last active <RelativeTime time={member.last_active_at} />
          </span>
        </span>
      ),
    },
    {
      id: "role",
      header: "Role",
      className: "w-36",
      cell: (member) => (writes ? <RoleSelect member={member} /> : roleNames[member.role]),
    },
    {
      id: "joined",
      secondary: true,
      header: "Joined",
      className: "w-36",
      cell: ({ joined_at }) => <RelativeTime time={joined_at} className="text-muted" />,
    },
    {
      id: "active",
      secondary: true,
      header: "Last active",
      className: "w-36",
      cell: ({ last_active_at }) => <RelativeTime time={last_active_at} className="text-muted" />,
    },
    {
      id: "actions",
      header: <span className="sr-only">Actions</span>,
      className: "w-14",
      cell: (member) =>
        writes &&
        member.user_id !== me && (
          <RowMenu
            name={nameOf(member)}
            items={[
              {
                label: "Remove",
                icon: <UserMinus aria-hidden />,
                danger: true,
                onSelect: () => onRemove(member),
              },
            ]}
          />
        ),
    },
  ];
}

function RoleSelect({ member }: { member: Member }) {
  const change = useChangeRole();
  const role = change.isPending ? change.variables.role : member.role;
  return (
    <Select
      aria-label={`Role of ${nameOf(member)}`}
      options={roleOptions}
      value={role}
      disabled={change.isPending}
      onChange={(next) =>
        change.mutate(
          { id: member.user_id, role: next as Role },
          {
            onSuccess: () =>
              toast.success(`${nameOf(member)} is ${article(next)} ${next} from now on`),
            onError: (error) => toast.error("The role was not changed", error),
          },
        )
      }
    />
  );
}

const article = (role: string) => (role === "admin" ? "an" : "a");
