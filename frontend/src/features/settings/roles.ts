/** The roles in words. */
import type { Role } from "./api";

export const roleNames: Record<Role, string> = {
  admin: "Admin",
  member: "Member",
  viewer: "Viewer",
};

export const roleTexts: Record<Role, string> = {
  admin: "can do everything in this tenant",
  member: "can create, change and run flows",
  viewer: "can view everything and change nothing",
};

/** From the least to the most. */
export const roles: Role[] = ["viewer", "member", "admin"];

export const roleOptions = roles.map((value) => ({
  value,
  label: roleNames[value],
  hint: `${roleTexts[value].replace(/^can/, "Can")}.`,
}));
