"use client";

/** The tenant's endpoints as hooks. */
import { useMutation } from "@tanstack/react-query";
import { $api, api, type Schema } from "@/lib/api/client";
import { useRefresh } from "@/lib/api/lists";
import { leaveFor } from "@/lib/api/transport";

export function useTenant() {
  return $api.useQuery("get", "/api/v1/tenant");
}

export function useRenameTenant() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (name: string) => api.PATCH("/api/v1/tenant", { body: { name } }),
    onSuccess: () => void refresh(),
  });
}

export function useTenantSettings() {
  return $api.useQuery("get", "/api/v1/tenant/settings");
}

export function useChangeSettings() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: Schema<"SettingsForm">) => api.PUT("/api/v1/tenant/settings", { body }),
    onSuccess: () => void refresh(),
  });
}

/** Fetches the ZIP file and hands it to the browser as a download. */
export function useExportTenant(slug: string) {
  return useMutation({
    mutationFn: async () => {
      const { data } = await api.POST("/api/v1/tenant/export", { parseAs: "blob" });
      const address = URL.createObjectURL(data as unknown as Blob);
      const link = Object.assign(document.createElement("a"), {
        href: address,
        download: `${slug}.zip`,
      });
      link.click();
      URL.revokeObjectURL(address);
    },
  });
}

export function useDeleteTenant() {
  return useMutation({
    mutationFn: (confirm: string) =>
      api.DELETE("/api/v1/tenant", { params: { query: { confirm } } }),
    // A full load: nothing of the tenant stays in memory.
    onSuccess: () => leaveFor("/login/"),
  });
}
