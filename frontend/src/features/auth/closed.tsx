"use client";

/** What somebody sees whose tenant was suspended: the ways on and out. */
import { useMutation } from "@tanstack/react-query";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { api } from "@/lib/api/client";
import { ApiError } from "@/lib/api/error";
import { leaveFor } from "@/lib/api/transport";
import { AuthFrame, linkClass } from "./frame";
import { useSignOut } from "./session";

export function Closed() {
  const signOut = useSignOut();
  const goOn = useMutation({
    mutationFn: async () => {
      // A session whose tenant is closed is renewed in another one, if there is any.
      await api.POST("/api/v1/auth/refresh");
      await api.GET("/api/v1/auth/me");
    },
    onSuccess: () => leaveFor("/"),
  });
  const { error } = goOn;
  const stuck = error instanceof ApiError && error.code === "tenant_suspended";
  return (
    <AuthFrame
      title="This tenant is suspended"
      description="Nobody can use this tenant and no flows run until the operator of this Watchbill activates it again."
      footer={
        <button type="button" className={linkClass} onClick={() => signOut.mutate()}>
          Sign out
        </button>
      }
    >
      <div className="flex flex-col gap-4">
        <FormError message={stuck ? "You are not in another active tenant." : error?.message} />
        <Button
          variant="primary"
          loading={goOn.isPending || goOn.isSuccess}
          onClick={() => goOn.mutate()}
        >
          Open another tenant
        </Button>
      </div>
    </AuthFrame>
  );
}
