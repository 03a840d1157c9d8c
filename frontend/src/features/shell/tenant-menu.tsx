"use client";

/** The tenant one is in, and the way to the others. */
import { ChevronsUpDown, Plus } from "lucide-react";
import { useState } from "react";
import { DropdownMenu } from "@/components/menu";
import { toast } from "@/components/toast";
import { NewTenantDialog, useSession, useSwitchTenant } from "@/features/auth";

export function TenantMenu() {
  const { data } = useSession();
  const { mutate: switchTo } = useSwitchTenant();
  const [adding, setAdding] = useState(false);
  if (!data) return null;
  const { tenant, tenants, sso } = data;
  return (
    <>
      <DropdownMenu
        trigger={
          <button
            type="button"
            aria-label={`Tenant ${tenant.name}: switch`}
            className="flex h-8 min-w-0 items-center gap-1 rounded-md px-2 text-muted hover:bg-hover"
          >
            <span className="max-w-40 truncate max-lg:max-w-28 max-md:hidden">{tenant.name}</span>
            <ChevronsUpDown aria-hidden className="size-4 shrink-0" />
          </button>
        }
        items={[
          {
            label: "Tenant",
            value: tenant.id,
            options: tenants.map(({ id, name }) => ({ value: id, label: name })),
            onChange: (id) =>
              id !== tenant.id &&
              switchTo(id, {
                onError: (error) => toast.error(`You are still in ${tenant.name}`, error),
              }),
          },
          { separator: true },
          sso
            ? { heading: <OnlyHere /> }
            : { label: "New tenant", icon: <Plus aria-hidden />, onSelect: () => setAdding(true) },
        ]}
      />
      {adding && <NewTenantDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function OnlyHere() {
  return (
    <span className="block max-w-60">
      You signed in with your company account, which works in this tenant only. To use another
      tenant, sign out and sign in with your password.
    </span>
  );
}
