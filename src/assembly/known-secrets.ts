// The secrets that one run of the program has read, so that no error, log line or report of it shows them.
import { createSecrets, type Secrets } from '../log/secrets.ts';

const KNOWN = new WeakMap<object, Secrets>();

/** Those of this run; more are added whenever a configuration is read. */
export function knownSecrets(context: object): Secrets {
  const known = KNOWN.get(context) ?? createSecrets();
  KNOWN.set(context, known);
  return known;
}
