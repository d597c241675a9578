// Determines the Unix user that submits jobs on the host, and its umask.
import { parseUmask } from './log-umask.ts';

export interface Submitter {
  /** undefined if unknown. */
  readonly userId: number | undefined;
  /** The umask of programs on the host, such as `0022`. undefined if unknown. */
  readonly umask: string | undefined;
}

/** A script for /bin/sh. */
export const SUBMITTER_SCRIPT = 'echo "umask $(umask) uid $(id -u)"';

/** Parses the output of the script; any other text leaves both undefined. */
export function parseSubmitter(stdout: string): Submitter {
  const [, umask = '', userId] = /^umask (\S*) uid (\d+)$/m.exec(stdout) ?? [];
  return { userId: userId === undefined ? undefined : Number(userId), umask: parseUmask(umask) };
}
