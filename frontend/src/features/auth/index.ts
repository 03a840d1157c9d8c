/** What other features and routes use of sign-in. */
export { AuthFrame, linkClass } from "./frame";
export { AuthGate } from "./gate";
export { useMailedToken } from "./mailed-token";
export { NewTenantDialog } from "./lazy";
export { passwordRule } from "./password";
export { PASSWORD_HINT } from "./password-hint";
export {
  useCan,
  useSession,
  useSignOut,
  useSwitchTenant,
  type Permission,
  type Session,
} from "./session";
export { ForgotPasswordView } from "./views/forgot-password";
export { InvitationView } from "./views/invitation";
export { LoginView } from "./views/login";
export { RegisterView } from "./views/register";
export { ResetPasswordView } from "./views/reset-password";
export { VerifyEmailView } from "./views/verify-email";
