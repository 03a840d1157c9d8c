/** The pages under Settings, in the order of their list. */
import {
  Bell,
  Building2,
  Fingerprint,
  KeyRound,
  MonitorSmartphone,
  ScrollText,
  User,
  Users,
  type LucideIcon,
} from "lucide-react";
import type { Permission } from "@/features/auth";

export type SettingsPage = {
  href: string;
  label: string;
  icon: LucideIcon;
  /** Who lacks it is not shown the page. */
  needs: Permission;
};

/** What is about the person, then what is about the tenant. */
export const settingsGroups: { title: string; pages: SettingsPage[] }[] = [
  {
    title: "You",
    pages: [
      { href: "/settings/", label: "Profile", icon: User, needs: "profile:read" },
      {
        href: "/settings/sessions/",
        label: "Sessions",
        icon: MonitorSmartphone,
        needs: "profile:write",
      },
    ],
  },
  {
    title: "Tenant",
    pages: [
      { href: "/settings/members/", label: "Members", icon: Users, needs: "members:read" },
      {
        href: "/settings/notifications/",
        label: "Notifications",
        icon: Bell,
        needs: "notifications:read",
      },
      { href: "/settings/api-keys/", label: "API keys", icon: KeyRound, needs: "keys:read" },
      { href: "/settings/sso/", label: "Single sign-on", icon: Fingerprint, needs: "sso:read" },
      { href: "/settings/audit-log/", label: "Audit log", icon: ScrollText, needs: "audit:read" },
      { href: "/settings/tenant/", label: "Tenant", icon: Building2, needs: "tenant:read" },
    ],
  },
];
