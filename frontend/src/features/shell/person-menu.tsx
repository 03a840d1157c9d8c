"use client";

/** Who one is, in which tenant, the theme, and the way out. */
import { LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { DropdownMenu } from "@/components/menu";
import { toast } from "@/components/toast";
import { useSession, useSignOut } from "@/features/auth";

export const themes = [
  { value: "system", label: "Same as system", icon: <Monitor aria-hidden /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
];

export function PersonMenu() {
  const { theme = "system", setTheme } = useTheme();
  const { data } = useSession();
  const { mutate: signOut } = useSignOut();
  if (!data) return null;
  const { user, tenant } = data;
  const name = user.full_name || user.email;
  const heading = (
    <span className="block max-w-60 py-0.5">
      <span className="block truncate text-sm font-medium text-text">{name}</span>
      <span className="block truncate">{user.full_name ? user.email : tenant.name}</span>
    </span>
  );
  return (
    <DropdownMenu
      trigger={
        <button
          type="button"
          aria-label={`${name}, ${tenant.name}: menu`}
          className="flex size-8 items-center justify-center rounded-md hover:bg-hover"
        >
          <span className="flex size-6 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text">
            {name.slice(0, 1).toUpperCase()}
          </span>
        </button>
      }
      items={[
        { heading },
        { separator: true },
        { label: "Theme", value: theme, onChange: setTheme, options: themes },
        { separator: true },
        {
          label: "Sign out",
          icon: <LogOut aria-hidden />,
          onSelect: () =>
            signOut(undefined, {
              onError: (error) => toast.error("You are still signed in", error),
            }),
        },
      ]}
    />
  );
}
