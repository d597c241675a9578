// Starts a program that outlives this process and appends its output to a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, open } from 'node:fs/promises';

export interface Detached {
  readonly pid: number;
  /** The exit code; undefined if a signal killed it. */
  readonly ended: Promise<number | undefined>;
}

/**
 * Starts the program in its own session, so that it survives the terminal.
 * @param command the program and its arguments
 * @param logFile created with mode 0600
 */
export async function startDetached([program = '', ...args]: readonly string[], logFile: string): Promise<Detached> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const log = await open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
    await once(child, 'spawn');
    const ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? undefined);
    child.unref();
    return { pid: child.pid ?? 0, ended };
  } finally {
    await log.close();
  }
}
