// Which settings hold secrets, by their names: the agent's own rule, so that both hide the same things.

// clearml-agent's agent.sanitize_config_printout: hide_secrets, and dont_hide_secrets with the numbers that only sound secret;
// and more names that people give to secrets. A group is called credentials that holds more than these.
const SECRET =
  /secret|pass|token|account_key|contents|pwd|cred(?!entials$)|api_?key|private_?key|connection_string|cookie/i;
const HARMLESS = /^enable_git_ask_pass$|_sec$/i;

/** Is the value under a key of this name, and everything below it, a secret? */
export function isSecretKey(name: string): boolean {
  return isEnvironmentKey(name) || (SECRET.test(name) && !HARMLESS.test(name));
}

/** `environment` holds variables for the task, of which any may be one. */
export function isEnvironmentKey(name: string): boolean {
  return name === 'environment';
}
