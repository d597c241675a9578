// The secrets that this process has read, to mask them in errors, log lines and reports.
import { createSecrets, type Secrets } from '../log/redact-secrets.ts';

const KNOWN = new WeakMap<object, Secrets>();

/** Reading a configuration adds its secrets. */
export function knownSecrets(context: object): Secrets {
  const known = KNOWN.get(context) ?? createSecrets();
  KNOWN.set(context, known);
  return known;
}
