/** What each action of the audit log is called: a verb and what it was done to, from which all sentences follow. */
import type { operations } from "@/lib/api/schema";

/** What is noted is called as the API calls it, or as the operator's command does. */
type Routes<Operation> = Operation extends `${infer Name}_api_v1_${string}` ? Name : never;
type Command = "suspend_tenant" | "activate_tenant" | "limit_tenant";
export type Action = Routes<keyof operations> | Command;

const past = {
  accept: "Accepted",
  activate: "Activated",
  answer: "Answered",
  "ask again for": "Asked again for",
  "ask for": "Asked for",
  call: "Called",
  cancel: "Cancelled",
  change: "Changed",
  check: "Checked",
  confirm: "Confirmed",
  create: "Created",
  delete: "Deleted",
  duplicate: "Duplicated",
  end: "Ended",
  export: "Exported",
  fork: "Forked",
  invite: "Invited",
  leave: "Left",
  limit: "Limited",
  open: "Opened",
  pause: "Paused",
  publish: "Published",
  read: "Read",
  register: "Registered",
  remove: "Removed",
  renew: "Renewed",
  resume: "Resumed",
  revoke: "Revoked",
  run: "Ran",
  save: "Saved",
  "send again": "Sent again",
  "set up": "Set up",
  sign: "Signed",
  suspend: "Suspended",
  switch: "Switched",
  test: "Tested",
  verify: "Verified",
  watch: "Watched",
} as const;

type Said = readonly [verb: keyof typeof past, rest: string];

const said: Record<Action, Said> = {
  accept: ["accept", "an invitation"],
  activate_tenant: ["activate", "the tenant"],
  answer_approval: ["answer", "a question"],
  answer_mailed_approval: ["answer", "a question by mail"],
  ask_mail_address_again: ["ask again for", "a confirmation"],
  call_hook: ["call", "a webhook"],
  cancel_execution: ["cancel", "an execution"],
  challenge_hook: ["call", "a webhook with a challenge"],
  change_agent: ["change", "an agent"],
  change_crew: ["change", "a crew"],
  change_flow: ["change", "a flow"],
  change_me: ["change", "their profile"],
  change_notification: ["change", "a notification"],
  change_password: ["change", "their password"],
  change_provider: ["change", "a provider"],
  change_role: ["change", "a member’s role"],
  change_tenant: ["change", "the tenant"],
  change_trigger: ["change", "a trigger"],
  check_sso_domains: ["check", "the domains for single sign-on"],
  confirm_mail_address: ["confirm", "a mail address"],
  create_agent: ["create", "an agent"],
  create_crew: ["create", "a crew"],
  create_demo_provider: ["create", "the demo provider"],
  create_flow: ["create", "a flow"],
  create_key: ["create", "an API key"],
  create_notification: ["create", "a notification"],
  create_provider: ["create", "a provider"],
  create_tenant: ["create", "a tenant"],
  create_trigger: ["create", "a trigger"],
  delete_agent: ["delete", "an agent"],
  delete_crew: ["delete", "a crew"],
  delete_flow: ["delete", "a flow"],
  delete_notification: ["delete", "a notification"],
  delete_provider: ["delete", "a provider"],
  delete_tenant: ["delete", "the tenant"],
  delete_trigger: ["delete", "a trigger"],
  describe: ["open", "an invitation"],
  duplicate_flow: ["duplicate", "a flow"],
  end_other_sessions: ["end", "all other sessions"],
  end_session_by_id: ["end", "a session"],
  execute_flow: ["run", "a flow"],
  export_tenant: ["export", "the tenant’s data"],
  finish_sso: ["sign", "in with the company’s account"],
  forgot_password: ["ask for", "a new password"],
  fork_execution: ["fork", "an execution"],
  get_agent: ["read", "an agent"],
  get_approval: ["read", "a question"],
  get_audit_entry: ["read", "an entry of the audit log"],
  get_belongings: ["read", "what a member still has running"],
  get_crew: ["read", "a crew"],
  get_execution: ["read", "an execution"],
  get_flow: ["read", "a flow"],
  get_notification: ["read", "a notification"],
  get_provider: ["read", "a provider"],
  get_settings: ["read", "the tenant’s settings"],
  get_sso: ["read", "single sign-on"],
  get_tenant: ["read", "the tenant"],
  get_trigger: ["read", "a trigger"],
  get_version: ["read", "a flow’s version"],
  invite: ["invite", "somebody"],
  leave: ["leave", "the tenant"],
  limit_tenant: ["limit", "the tenant"],
  list_agents: ["read", "the agents"],
  list_approvals: ["read", "the questions"],
  list_audit_log: ["read", "the audit log"],
  list_crews: ["read", "the crews"],
  list_deliveries: ["read", "the deliveries"],
  list_events: ["read", "an execution’s events"],
  list_examples: ["read", "the examples"],
  list_exchanges: ["read", "an execution’s exchanges"],
  list_executions: ["read", "the executions"],
  list_firings: ["read", "a trigger’s firings"],
  list_flows: ["read", "the flows"],
  list_invitations: ["read", "the invitations"],
  list_keys: ["read", "the API keys"],
  list_logs: ["read", "an execution’s log lines"],
  list_mail_addresses: ["read", "the mail addresses"],
  list_members: ["read", "the members"],
  list_node_types: ["read", "the node types"],
  list_nodes: ["read", "an execution’s nodes"],
  list_notifications: ["read", "the notifications"],
  list_permissions: ["read", "the permissions"],
  list_providers: ["read", "the providers"],
  list_sessions: ["read", "their sessions"],
  list_triggers: ["read", "the triggers"],
  list_versions: ["read", "a flow’s versions"],
  login: ["sign", "in"],
  logout: ["sign", "out"],
  look_up_sso: ["ask for", "the company’s sign-in"],
  me: ["read", "their profile"],
  pause_execution: ["pause", "an execution"],
  preview_schedule: ["read", "the next times of a schedule"],
  publish_flow: ["publish", "a flow"],
  put_settings: ["change", "the tenant’s settings"],
  refresh: ["renew", "a session"],
  register: ["register", "an account"],
  registration_options: ["read", "who may register"],
  remove_mail_address: ["remove", "a mail address"],
  remove_member: ["remove", "a member"],
  remove_sso: ["remove", "single sign-on"],
  replace_agent: ["save", "an agent"],
  replace_crew: ["save", "a crew"],
  replace_flow: ["save", "a flow"],
  resend: ["send again", "an invitation"],
  reset_password: ["change", "a forgotten password"],
  resume_execution: ["resume", "an execution"],
  revoke: ["revoke", "an invitation"],
  revoke_key: ["revoke", "an API key"],
  rotate_notification_secret: ["renew", "a notification’s secret"],
  rotate_secret: ["renew", "a trigger’s secret"],
  run_trigger: ["run", "a trigger"],
  send_again: ["send again", "a delivery"],
  send_registration_link: ["ask for", "a link to register"],
  send_verification: ["ask for", "a link to verify an address"],
  set_up_sso: ["set up", "single sign-on"],
  show_mailed_approval: ["open", "a question by mail"],
  start_sso: ["ask for", "a sign-in with the company’s account"],
  stream_execution: ["watch", "an execution"],
  suspend_tenant: ["suspend", "the tenant"],
  switch: ["switch", "to the tenant"],
  test_crew: ["test", "a crew"],
  test_provider: ["test", "a provider"],
  validate_flow: ["check", "a flow"],
  verify_audit_log: ["verify", "the audit log"],
  verify_email: ["verify", "an address"],
};

/** "create_agent" is "Create agent": for what an older or newer server calls by a name that is not listed. */
export function inWords(name: string): string {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What happened: "Created an agent", or "Tried to create an agent" where it was denied. */
export function actionWords(action: string, outcome: "done" | "denied" = "done"): string {
  const words: Said | undefined = Object.hasOwn(said, action) ? said[action as Action] : undefined;
  if (!words) return outcome === "done" ? inWords(action) : `${inWords(action)}: denied`;
  const [verb, rest] = words;
  return outcome === "done" ? `${past[verb]} ${rest}` : `Tried to ${verb} ${rest}`;
}

const MOST_MEANT = 40;

/** The actions whose words hold what somebody looks for. */
export function actionsMeant(search: string): string[] {
  const wanted = search.trim().toLowerCase();
  if (wanted.length < 3) return [];
  const found = Object.keys(said).filter((action) =>
    [actionWords(action), actionWords(action, "denied")].some((words) =>
      words.toLowerCase().includes(wanted),
    ),
  );
  // So many are no answer; the search by names goes on alone.
  return found.length > MOST_MEANT ? [] : found;
}
