/** What other features and routes use of sign-in. */
export { AuthGate } from "./gate";
export { useCan, useSession, useSignOut, type Permission, type Session } from "./session";
export { LoginView } from "./views/login";
export { RegisterView } from "./views/register";
