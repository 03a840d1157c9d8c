/** /confirm-address/ */
import type { Metadata } from "next";
import { ConfirmAddressView } from "@/features/notifications";

export const metadata: Metadata = { title: "Do you want to be told?" };

export default function ConfirmAddressPage() {
  return <ConfirmAddressView />;
}
