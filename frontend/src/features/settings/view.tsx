"use client";

/** Settings: who one is here, and how the interface looks on this device. */
import { useTheme } from "next-themes";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/copy-button";
import { Field } from "@/components/field";
import { PageHeader } from "@/components/page-header";
import { Select } from "@/components/select";
import { useSession, type Session } from "@/features/auth";
import { PageBar } from "@/features/shell";

const themes = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

const roles: Record<Session["role"], string> = {
  admin: "Admin: may do everything here",
  member: "Member: may make, change and run flows",
  viewer: "Viewer: may look at everything and change nothing",
};

export function SettingsView() {
  const { data } = useSession();
  const { theme = "system", setTheme } = useTheme();
  return (
    <>
      <PageBar crumbs={[{ label: "Settings" }]} />
      <div className="mx-auto max-w-180 px-6 py-10">
        <PageHeader title="Settings" />
        {data && (
          <Section title="Account">
            <dl className="grid grid-cols-[8rem_1fr] gap-y-1">
              <Fact name="Name">{data.user.full_name || "–"}</Fact>
              <Fact name="E-mail">{data.user.email}</Fact>
              <Fact name="Tenant">{data.tenant.name}</Fact>
              <Fact name="Role">{roles[data.role]}</Fact>
              <Fact name="Tenant id">
                <span className="flex items-center gap-1 font-mono text-xs">
                  {data.tenant.id}
                  <CopyButton text={data.tenant.id} label="Copy tenant id" />
                </span>
              </Fact>
            </dl>
          </Section>
        )}
        <Section title="Appearance">
          <Field label="Theme" hint="Kept on this device." className="max-w-60">
            <Select options={themes} value={theme} onChange={setTheme} />
          </Field>
        </Section>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="mt-6 border-t pt-4">
      <h2 className="mb-3 text-base font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="flex min-h-7 items-center text-muted">{name}</dt>
      <dd className="flex min-h-7 items-center">{children}</dd>
    </>
  );
}
