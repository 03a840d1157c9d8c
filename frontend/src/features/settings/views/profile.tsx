"use client";

/** Settings, Profile: name, password, appearance, and leaving the tenant. */
import { useTheme } from "next-themes";
import { useState } from "react";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { CopyButton } from "@/components/copy-button";
import { Field } from "@/components/field";
import { PageHeader } from "@/components/page-header";
import { Select } from "@/components/select";
import { useSession, type Session } from "@/features/auth";
import { leaveFor } from "@/lib/api/transport";
import { useLeaveTenant } from "../api";
import { SettingsFrame, SettingsSection } from "../frame";
import { NameForm } from "../parts/name-form";
import { PasswordForm } from "../parts/password-form";
import { roleNames, roleTexts } from "../roles";

const themes = [
  { value: "system", label: "Same as system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function ProfileView() {
  const { data } = useSession();
  const { theme = "system", setTheme } = useTheme();
  return (
    <SettingsFrame title="Profile">
      <PageHeader title="Profile" description={data?.user.email} />
      {data && (data.sso ? <CompanyAccount user={data.user} /> : <OwnAccount user={data.user} />)}
      <SettingsSection title="Appearance">
        <Field label="Theme" hint="Saved on this device only." className="max-w-80">
          <Select options={themes} value={theme} onChange={setTheme} />
        </Field>
      </SettingsSection>
      {data && <Place session={data} />}
    </SettingsFrame>
  );
}

type AccountProps = { user: Session["user"] };

function OwnAccount({ user }: AccountProps) {
  return (
    <>
      <div className="mt-6">
        <NameForm name={user.full_name ?? ""} />
      </div>
      <SettingsSection title="Password">
        <PasswordForm email={user.email} />
      </SettingsSection>
    </>
  );
}

/** The account is good in all of the person's tenants, so one company’s sign-in changes nothing of it. */
function CompanyAccount({ user }: AccountProps) {
  return (
    <div className="mt-6">
      {user.full_name && <p className="font-medium">{user.full_name}</p>}
      <p className="mt-1 text-muted">
        You signed in with your company’s account. To change your name or password, sign out and
        sign in with your password. If you have none, choose “I forgot my password” on the sign-in
        page, and we mail you a link to set one.
      </p>
    </div>
  );
}

function Place({ session: { tenant, role } }: { session: Session }) {
  const leave = useLeaveTenant();
  const [asking, setAsking] = useState(false);
  return (
    <SettingsSection title={tenant.name}>
      <p>
        {roleNames[role]}: {roleTexts[role]}
      </p>
      <p className="mt-1 flex items-center gap-1 font-mono text-xs text-muted">
        {tenant.id}
        <CopyButton text={tenant.id} label="Copy tenant id" />
      </p>
      <Button className="mt-3" onClick={() => setAsking(true)}>
        Leave this tenant
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Leave ${tenant.name}?`}
          description="You lose access at once, and the API keys you created here stop working. An admin can invite you again."
          verb="Leave"
          onConfirm={async () => {
            await leave.mutateAsync();
            leaveFor("/");
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </SettingsSection>
  );
}
