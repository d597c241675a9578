// The process in which a command runs, as a parameter so that tests can run commands, and the secrets that it has read.
import { createSecrets, type Secrets } from '../log/redact-secrets.ts';

export interface ProcessContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly workingDir: string;
  readonly hostName: string;
  /** Results only. */
  readonly stdout: (text: string) => void;
  /** Everything else. */
  readonly stderr: (text: string) => void;
  readonly errorStream: NodeJS.WritableStream;
  /** The command line of this process: Node, its options, the program, and its arguments. */
  readonly startedAs: readonly string[];
  /** Aborted by the first SIGTERM or SIGINT, with an `Interrupted` as its reason. */
  readonly stop: AbortSignal;
  /** Calls the listener on this signal instead of ending the process, until the returned function is called. */
  readonly onSignal: (name: 'SIGHUP' | 'SIGUSR1', listener: () => void) => () => void;
}

const KNOWN = new WeakMap<object, Secrets>();

/** To mask them in errors, log lines and reports. Reading a configuration adds its secrets. */
export function knownSecrets(context: object): Secrets {
  const known = KNOWN.get(context) ?? createSecrets();
  KNOWN.set(context, known);
  return known;
}
