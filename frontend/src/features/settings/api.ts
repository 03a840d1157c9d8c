"use client";

/** The endpoints behind the settings as hooks. */
import { useMutation } from "@tanstack/react-query";
import { $api, api, type Schema } from "@/lib/api/client";
import { listQuery, paged, useRefresh } from "@/lib/api/lists";
import type { Removal } from "./removal";

export type SignIn = Schema<"SignInOut">;
export type Member = Schema<"MemberOut">;
export type Invitation = Schema<"InvitationOut">;
export type ApiKey = Schema<"KeyOut">;
export type Belongings = Schema<"Belongings">;
export type Role = Member["role"];
export type PermissionRow = Schema<"PermissionOut">;

const userPath = (id: string) => ({ params: { path: { user_id: id } } });
const invitationPath = (id: string) => ({ params: { path: { invitation_id: id } } });

/** A change after which whatever is shown is asked for again; `send` answers with what was made. */
function useChange<Input, Output>(send: (input: Input) => Promise<{ data?: Output }>) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async (input: Input) => (await send(input)).data,
    onSuccess: () => void refresh(),
  });
}

export function useChangeProfile() {
  return useChange((body: Schema<"ProfileChange">) => api.PATCH("/api/v1/auth/me", { body }));
}

export function useChangePassword() {
  return useChange((body: Schema<"PasswordChange">) =>
    api.PUT("/api/v1/auth/me/password", { body }),
  );
}

export function useLeaveTenant() {
  return useMutation({ mutationFn: () => api.DELETE("/api/v1/members/me") });
}

export function useSignIns() {
  return $api.useQuery("get", "/api/v1/auth/sessions");
}

export function useEndSignIn() {
  return useChange((id: string) =>
    api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id: id } } }),
  );
}

export function useEndOtherSignIns() {
  return useChange(() => api.DELETE("/api/v1/auth/sessions"));
}

export function usePermissionTable() {
  return $api.useQuery("get", "/api/v1/auth/permissions", {}, { staleTime: Infinity });
}

export function useMembers(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/members", listQuery(search), paged);
}

export function useChangeRole() {
  return useChange(({ id, role }: { id: string; role: Role }) =>
    api.PATCH("/api/v1/members/{user_id}", { ...userPath(id), body: { role } }),
  );
}

export function useBelongings(id: string) {
  return $api.useQuery("get", "/api/v1/members/{user_id}/belongings", userPath(id));
}

export function useRemoveMember() {
  return useChange(({ id, removal }: { id: string; removal: Removal }) =>
    api.DELETE("/api/v1/members/{user_id}", {
      params: { path: { user_id: id }, query: removal },
    }),
  );
}

export function useInvitations(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/invitations", listQuery(search), paged);
}

export function useInvite() {
  return useChange((body: { email: string; role: Role }) =>
    api.POST("/api/v1/invitations", { body }),
  );
}

export function useResendInvitation() {
  return useChange((id: string) =>
    api.POST("/api/v1/invitations/{invitation_id}/resend", invitationPath(id)),
  );
}

export function useRevokeInvitation() {
  return useChange((id: string) =>
    api.DELETE("/api/v1/invitations/{invitation_id}", invitationPath(id)),
  );
}

export function useApiKeys(search: string) {
  return $api.useInfiniteQuery("get", "/api/v1/api-keys", listQuery(search), paged);
}

export function useCreateKey() {
  return useChange((body: Schema<"KeyIn">) => api.POST("/api/v1/api-keys", { body }));
}

export function useRevokeKey() {
  return useChange((id: string) =>
    api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: id } } }),
  );
}
