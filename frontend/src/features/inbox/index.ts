/** What routes use of the inbox. */
export { MailedAnswerView } from "./mailed-view";
export { InboxView } from "./view";
