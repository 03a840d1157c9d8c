/** /confirm-address/ */
import type { Metadata } from "next";
import { ConfirmAddressView } from "@/features/notifications";

export const metadata: Metadata = { title: "Confirm your e-mail address" };

export default function ConfirmAddressPage() {
  return <ConfirmAddressView />;
}
