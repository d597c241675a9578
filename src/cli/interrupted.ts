// An end from outside, before what was asked for is done.
import { constants } from 'node:os';

/** The reason with which work is aborted, and so what it throws. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** As a shell tells of a program that a signal has ended. */
  readonly exitCode: number;

  constructor(signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM') {
    super(`got ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** Whether this was thrown because of the abort: its reason itself, what has it as its cause, or what Node makes of an aborted wait. */
export function isFromAbort({ aborted, reason }: AbortSignal, error: unknown): boolean {
  if (!aborted) return false;
  return error === reason || (error instanceof Error && (error.name === 'AbortError' || error.cause === reason));
}
