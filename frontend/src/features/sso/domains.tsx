"use client";

/** What proves that the mail domains are the company's, and whether it does. */
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { SecretLine } from "@/components/secret-line";
import { toast } from "@/components/toast";
import { SettingsSection } from "@/features/settings";
import { useCheckDomains, type DomainProof } from "./api";

const states = {
  proved: { tone: "completed", text: "Verified" },
  unproved: { tone: "waiting", text: "Not verified yet" },
  trusted: { tone: "neutral", text: "Trusted by the operator" },
} as const;

export function Domains({ proofs, writes }: { proofs: DomainProof[]; writes: boolean }) {
  const check = useCheckDomains();
  const trusted = proofs.every(({ state }) => state === "trusted");
  async function look() {
    try {
      const { data } = await check.mutateAsync();
      const missing = (data?.proofs ?? []).filter(({ state }) => state === "unproved");
      if (missing.length === 0) toast.success("All domains are verified");
      else toast.error(`No record yet at ${missing.map(({ domain }) => domain).join(", ")}`);
    } catch (error) {
      toast.error("The domains could not be verified", error);
    }
  }
  return (
    <SettingsSection
      title="Domain verification"
      description={
        trusted
          ? "The operator of this Watchbill trusts all domains."
          : "Add this TXT record to the DNS of each domain. People can sign in with a domain once the record is found, which can take some minutes."
      }
    >
      <ul className="flex flex-col gap-3">
        {proofs.map(({ domain, record, state }) => (
          <li key={domain}>
            <p className="mb-1 flex items-center gap-2 font-medium">
              {domain}
              <Badge tone={states[state].tone}>{states[state].text}</Badge>
            </p>
            {!trusted && <SecretLine label={`TXT record of ${domain}`} text={record} />}
          </li>
        ))}
      </ul>
      {writes && !trusted && (
        <Button className="mt-3" loading={check.isPending} onClick={() => void look()}>
          Verify
        </Button>
      )}
    </SettingsSection>
  );
}
