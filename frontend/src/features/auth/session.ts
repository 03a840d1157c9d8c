"use client";

/** Who is signed in, and the ways in and out. */
import { useMutation, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, type Schema } from "@/lib/api/client";
import { leaveFor } from "@/lib/api/transport";

export type Session = Schema<"Me">;

const SESSION_KEY = ["session"];

/** The person and tenant of this session; a 401 leads to the sign-in page by itself. */
export function useSession(): UseQueryResult<Session> {
  return useQuery({
    queryKey: SESSION_KEY,
    staleTime: 5 * 60_000,
    queryFn: async ({ signal }) => {
      const { data } = await api.GET("/api/v1/auth/me", { signal });
      // The transport throws on refusals, so an answer without a body would break the contract.
      if (!data) throw new Error("The server sent an empty session.");
      return data;
    },
  });
}

export type Permission = Session["permissions"][number];

/** Whether the person may do that here; no while it is not known. */
export function useCan(permission: Permission): boolean {
  const { data } = useSession();
  return data?.permissions.includes(permission) ?? false;
}

/** Ends the session and forgets everything that was loaded with it. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => api.POST("/api/v1/auth/logout"),
    // A full load: nothing of the former person stays in memory.
    onSuccess: () => leaveFor("/login/"),
  });
}

/** Goes on in another of one's tenants. */
export function useSwitchTenant() {
  return useMutation({
    mutationFn: (tenant: string) => api.POST("/api/v1/auth/switch", { body: { tenant } }),
    // A full load: nothing of the former tenant stays in memory.
    onSuccess: () => leaveFor("/"),
  });
}

/** Makes a further tenant and goes on there. */
export function useCreateTenant() {
  const { mutateAsync: switchTo } = useSwitchTenant();
  return useMutation({
    mutationFn: async (name: string) => {
      const { data } = await api.POST("/api/v1/auth/tenants", { body: { name } });
      if (!data) throw new Error("The server sent an empty tenant.");
      await switchTo(data.id);
    },
  });
}
