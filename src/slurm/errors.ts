// The error for an unavailable Slurm, to which those of the transport are mapped, and the failure of a command in one line.
import { stripToOneLine } from '../base/terminal-text.ts';
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
} from '../transport/errors.ts';
import type { CommandResult } from '../transport/transport.ts';

/** The controller or its commands are unavailable. No job is at fault: retry later. */
export class SlurmUnavailableError extends Error {
  override readonly name = 'SlurmUnavailableError';
}

/** For what is good to know but not needed: undefined while Slurm is unavailable. */
export async function unlessUnavailable<Read>(reading: Promise<Read>): Promise<Read | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SlurmUnavailableError) return undefined;
    throw error;
  }
}

/** For `catch`. @throws SlurmUnavailableError instead of any error of the transport */
export function throwUnavailable(error: unknown): never {
  if (isTransportError(error)) throw new SlurmUnavailableError(error.message, { cause: error });
  throw error;
}

export function isTransportError(error: unknown): error is Error {
  return (
    error instanceof CommandNotFoundError ||
    error instanceof CommandTimeoutError ||
    error instanceof ConnectionLostError ||
    error instanceof HostUnreachableError
  );
}

/** The text of stderr on one line, or how the program ended. Never empty. */
export function failureMessage(program: string, result: CommandResult): string {
  const said = oneLine(result.stderr);
  if (said !== '') return said;
  if (result.killedBy !== undefined) return `${program} was killed by ${result.killedBy}`;
  return `${program} ended with exit code ${String(result.exitCode)} and printed nothing`;
}

/** Of a longer text only the beginning is read: a program may print megabytes, and each takes a third of a second. */
const MOST_READ = 64 * 1024;

/** Joins the lines of a text with spaces, removes control characters, and truncates at 500 characters. */
export function oneLine(text: string): string {
  const line = stripToOneLine(text.slice(0, MOST_READ));
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
