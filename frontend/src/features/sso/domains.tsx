"use client";

/** What proves that the mail domains are the company's, and whether it does. */
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { SecretLine } from "@/components/secret-line";
import { toast } from "@/components/toast";
import { SettingsSection } from "@/features/settings";
import { useCheckDomains, type DomainProof } from "./api";

const states = {
  proved: { tone: "completed", text: "Proved" },
  unproved: { tone: "waiting", text: "Not proved yet" },
  trusted: { tone: "neutral", text: "Trusted by the operator" },
} as const;

export function Domains({ proofs, writes }: { proofs: DomainProof[]; writes: boolean }) {
  const check = useCheckDomains();
  const trusted = proofs.every(({ state }) => state === "trusted");
  async function look() {
    try {
      const { data } = await check.mutateAsync();
      const missing = (data?.proofs ?? []).filter(({ state }) => state === "unproved");
      if (missing.length === 0) toast.success("Every domain is proved");
      else toast.error(`No record yet at ${missing.map(({ domain }) => domain).join(", ")}`);
    } catch (error) {
      toast.error("The domains could not be checked", error);
    }
  }
  return (
    <SettingsSection
      title="Proof of the domains"
      description={
        trusted
          ? "The operator of this installation vouches for every domain."
          : "Set this TXT record at each domain. Nobody is let in by a domain until the record is there; it can take some minutes to be seen."
      }
    >
      <ul className="flex flex-col gap-3">
        {proofs.map(({ domain, record, state }) => (
          <li key={domain}>
            <p className="mb-1 flex items-center gap-2 font-medium">
              {domain}
              <Badge tone={states[state].tone}>{states[state].text}</Badge>
            </p>
            {!trusted && <SecretLine label={`Record of ${domain}`} text={record} />}
          </li>
        ))}
      </ul>
      {writes && !trusted && (
        <Button className="mt-3" loading={check.isPending} onClick={() => void look()}>
          Check
        </Button>
      )}
    </SettingsSection>
  );
}
