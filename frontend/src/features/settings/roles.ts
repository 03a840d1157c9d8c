/** The roles in words. */
import type { Role } from "./api";

export const roleNames: Record<Role, string> = {
  admin: "Admin",
  member: "Member",
  viewer: "Viewer",
};

export const roleTexts: Record<Role, string> = {
  admin: "may do everything here",
  member: "may make, change and run flows",
  viewer: "may look at everything and change nothing",
};

/** From the least to the most. */
export const roles: Role[] = ["viewer", "member", "admin"];

export const roleOptions = roles.map((value) => ({
  value,
  label: roleNames[value],
  hint: `${roleTexts[value].replace(/^may/, "May")}.`,
}));
