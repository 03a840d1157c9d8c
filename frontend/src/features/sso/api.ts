"use client";

/** The endpoints of single sign-on as hooks. */
import { useMutation } from "@tanstack/react-query";
import { $api, api, type Schema } from "@/lib/api/client";
import { useRefresh } from "@/lib/api/lists";

export type Sso = Schema<"SsoOut">;
export type SsoIn = Schema<"SsoIn">;
export type DomainProof = Schema<"DomainProof">;

export function useSso() {
  return $api.useQuery("get", "/api/v1/sso");
}

export function useSetUpSso() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: SsoIn) => api.PUT("/api/v1/sso", { body }),
    onSuccess: () => void refresh(),
  });
}

export function useCheckDomains() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => api.POST("/api/v1/sso/check-domains"),
    onSuccess: () => void refresh(),
  });
}

export function useRemoveSso() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => api.DELETE("/api/v1/sso"),
    onSuccess: () => void refresh(),
  });
}
