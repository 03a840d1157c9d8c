"use client";

/** Agreeing to be told, by the link in a mail. */
import { useMutation } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { AuthFrame, useMailedToken } from "@/features/auth";
import { api } from "@/lib/api/client";

export function ConfirmAddressView() {
  const token = useMailedToken();
  const confirm = useMutation({
    mutationFn: (value: string) =>
      api.POST("/api/v1/mail-addresses/confirm", { body: { token: value } }),
  });
  const agreed = confirm.data?.data;
  if (agreed) {
    return (
      <AuthFrame
        title="Thank you"
        description={`From now on ${agreed.address} gets notifications from “${agreed.tenant_name}”.`}
        footer={null}
      >
        {null}
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      title="Do you want these notifications?"
      description="Watchbill will mail you when flows of the tenant named in the mail complete or fail."
      footer="If you do not want this, close this page. You will get no mails."
    >
      {/* A button, as programs that look into mails open links by themselves. */}
      <div className="flex flex-col gap-4">
        <FormError message={confirm.error?.message} />
        <Button
          variant="primary"
          loading={confirm.isPending}
          onClick={() => confirm.mutate(token ?? "")}
        >
          Send me notifications
        </Button>
      </div>
    </AuthFrame>
  );
}
