// The reason of an abort by a signal.
import { constants } from 'node:os';

/** The abort reason, and thus what aborted work throws. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** As in a shell: 128 plus the number of the signal. */
  readonly exitCode: number;

  constructor(signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM') {
    super(`got ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Whether the abort caused this error: its reason, an error with that cause, or Node's AbortError. */
export function isFromAbort({ aborted, reason }: AbortSignal, error: unknown): boolean {
  if (!aborted) return false;
  return error === reason || (error instanceof Error && (error.name === 'AbortError' || error.cause === reason));
}
