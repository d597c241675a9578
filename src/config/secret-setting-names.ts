// Which settings contain secrets, by their names: the rule of the agent, so that both hide the same values.

// clearml-agent's agent.sanitize_config_printout: hide_secrets, and dont_hide_secrets with the numbers that only sound secret;
// with more names that users give to secrets. A group named "credentials" contains more than these.
const SECRET =
  /secret|pass|token|account_key|contents|pwd|cred(?!entials$)|api_?key|private_?key|connection_string|cookie/i;
const HARMLESS = /^enable_git_ask_pass$|_sec$/i;

/** Whether the value of this key, and everything below it, is secret. */
export function isSecretKey(name: string): boolean {
  return isEnvironmentKey(name) || (SECRET.test(name) && !HARMLESS.test(name));
}

/** `environment` contains variables for the task, any of which may be secret. */
export function isEnvironmentKey(name: string): boolean {
  return name === 'environment';
}
