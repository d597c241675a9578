// Removes a file of ours on a host, and tells the person about one that stays.
import type { Transport } from '../transport/transport.ts';
import { isTransportError } from '../slurm/transport-errors.ts';

const REMOVE_TIMEOUT_MS = 30_000;

/** A file that can't be removed is a line on standard error, never a failure: what was found out counts more. */
export async function removeLeftFile(host: Transport, file: string, stderr: (text: string) => void): Promise<void> {
  const why = await remove(host, file);
  if (why !== undefined) stderr(`${file} stays behind on ${host.name}: ${why}. Remove it by hand.\n`);
}

/** Why it could not be done, or undefined once the file is gone. */
async function remove(host: Transport, file: string): Promise<string | undefined> {
  try {
    const { exitCode, stderr } = await host.run({
      program: 'rm',
      args: ['-f', '--', file],
      timeoutMs: REMOVE_TIMEOUT_MS,
    });
    return exitCode === 0 ? undefined : stderr.trim() || `rm ended with ${exitCode ?? 'a signal'}`;
  } catch (error) {
    if (isTransportError(error)) return error.message;
    throw error;
  }
}
