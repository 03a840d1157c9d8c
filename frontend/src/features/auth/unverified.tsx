"use client";

/** What somebody sees who has to prove an e-mail address before anything else. */
import { useMutation } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { toast } from "@/components/toast";
import { api } from "@/lib/api/client";
import { AuthFrame, linkClass } from "./frame";
import { useSignOut } from "./session";

export function Unverified({ email }: { email: string }) {
  const signOut = useSignOut();
  const send = useMutation({
    mutationFn: () => api.POST("/api/v1/auth/verify-email/send"),
    onSuccess: () => toast.success(`We mailed a new link to ${email}`),
    onError: (error) => toast.error("The mail was not sent", error),
  });
  return (
    <AuthFrame
      title="Check your mail"
      description={`We mailed a link to ${email}. Follow it to confirm your address.`}
      footer={
        <button type="button" className={linkClass} onClick={() => signOut.mutate()}>
          Sign out
        </button>
      }
    >
      <div className="flex gap-2">
        <Button variant="primary" onClick={() => window.location.reload()}>
          I followed the link
        </Button>
        <Button loading={send.isPending} onClick={() => send.mutate()}>
          Send another link
        </Button>
      </div>
    </AuthFrame>
  );
}
