/** What is said of a password before it is typed. */

export const SHORTEST_PASSWORD = 10;

export const PASSWORD_HINT = `At least ${SHORTEST_PASSWORD} characters. A short sentence is easy to remember.`;
