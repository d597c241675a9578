// The Unix user that submits on the host: whose jobs are ours, and what their logs' modes are told by.
import { readUmask } from './log-umask.ts';

export interface Submitter {
  /** undefined where it could not be told. */
  readonly userId: number | undefined;
  /** That programs have there, such as `0022`. undefined where it could not be told. */
  readonly umask: string | undefined;
}

/** For /bin/sh. */
export const SUBMITTER_SCRIPT = 'echo "umask $(umask) uid $(id -u)"';

/** What the script printed; nothing is told by another text. */
export function readSubmitter(stdout: string): Submitter {
  const [, umask = '', userId] = /^umask (\S*) uid (\d+)$/m.exec(stdout) ?? [];
  return { userId: userId === undefined ? undefined : Number(userId), umask: readUmask(umask) };
}
