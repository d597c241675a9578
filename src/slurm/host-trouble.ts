// The host's errors, told from mistakes of ours and turned into what the scheduler's contract promises.
import { CommandNotFound, CommandTimedOut, HostLost, HostUnreachable } from '../transport/errors.ts';
import { oneLine } from './command-words.ts';
import { SlurmUnavailable } from './errors.ts';
import { readAcceptance } from './sbatch.ts';
import type { JobList, SubmitOutcome } from './scheduler.ts';

/** The outcome of an sbatch that gave no result, or undefined for an error that is none of the host's. */
export function readSubmitTrouble(error: unknown): SubmitOutcome | undefined {
  if (error instanceof CommandNotFound || error instanceof HostUnreachable) {
    return { kind: 'unavailable', words: error.message };
  }
  if (error instanceof CommandTimedOut) {
    return readAcceptance(error.stdout) ?? { kind: 'unknown', words: oneLine(`${error.message}. ${error.stderr}`) };
  }
  return error instanceof HostLost ? { kind: 'unknown', words: error.message } : undefined;
}

/** For `catch`: a list that could not be had is a failed one. */
export function failedList(error: unknown): JobList {
  if (isHostTrouble(error)) return { kind: 'failed', words: error.message };
  throw error;
}

/** For `catch`. @throws SlurmUnavailable in place of every error of the host */
export function throwUnavailable(error: unknown): never {
  if (isHostTrouble(error)) throw new SlurmUnavailable(error.message, { cause: error });
  throw error;
}

export function isHostTrouble(error: unknown): error is Error {
  return (
    error instanceof CommandNotFound ||
    error instanceof CommandTimedOut ||
    error instanceof HostLost ||
    error instanceof HostUnreachable
  );
}
