// A program that goes on when we have ended, its output at the end of a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, open } from 'node:fs/promises';

export interface Detached {
  readonly pid: number;
  /** Its exit code; undefined when a signal ended it. */
  readonly ended: Promise<number | undefined>;
}

/**
 * Starts it in a session of its own, so that no terminal takes it along.
 * @param command the program and its words
 * @param logFile private to the user
 */
export async function startDetached([program = '', ...words]: readonly string[], logFile: string): Promise<Detached> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const log = await open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    const child = spawn(program, words, { detached: true, stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    const ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? undefined);
    child.unref();
    return { pid: child.pid ?? 0, ended };
  } finally {
    await log.close();
  }
}
