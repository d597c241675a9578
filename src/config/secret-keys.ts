// Which settings hold secrets, by their names: the agent's own rule, so that both hide the same things.

/** What is shown instead of a secret. */
export const MASK = '********';

// clearml-agent's agent.sanitize_config_printout: hide_secrets, and dont_hide_secrets with the numbers that only sound secret.
const SECRET = /secret|pass|token|account_key|contents/i;
const HARMLESS = /^enable_git_ask_pass$|_sec$/i;

/** Is the value under a key of this name, and everything below it, a secret? */
export function isSecretKey(name: string): boolean {
  return isEnvironmentKey(name) || (SECRET.test(name) && !HARMLESS.test(name));
}

/** `environment` holds variables for the task, of which any may be one. */
export function isEnvironmentKey(name: string): boolean {
  return name === 'environment';
}

// `scheme://user:password@host`, and `NAME=value` as in `-e HF_TOKEN=…`, where the name says that it is secret.
const IN_URL = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)([^\s/?#@]+)(?=@)/gi;
const IN_ASSIGNMENT = /(\b\w{0,64}?(?:secret|pass|token|key)\w{0,64}=)([^\s"']+)/gi;

/** The text with the secrets hidden that stand in the middle of it. */
export function maskSecretsIn(text: string): string {
  return text.replace(IN_URL, `$1${MASK}`).replace(IN_ASSIGNMENT, `$1${MASK}`);
}

/** Those secrets. */
export function secretsIn(text: string): string[] {
  const users = [...text.matchAll(IN_URL)].map(([, , user = '']) => user);
  const passwords = users.flatMap((user) => (user.includes(':') ? [user.slice(user.indexOf(':') + 1)] : [user]));
  const assigned = [...text.matchAll(IN_ASSIGNMENT)].map(([, , value = '']) => value);
  return [...passwords, ...assigned];
}
