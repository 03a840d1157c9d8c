/** /settings/api-keys/ */
import type { Metadata } from "next";
import { ApiKeysView } from "@/features/settings";

export const metadata: Metadata = { title: "API keys" };

export default function ApiKeysPage() {
  return <ApiKeysView />;
}
