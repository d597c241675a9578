// Maps errors of the transport to the results and errors that `Scheduler` promises.
import {
  CommandNotFoundError,
  CommandTimeoutError,
  ConnectionLostError,
  HostUnreachableError,
  SudoRefusedError,
  UserHeldError,
} from '../transport/errors.ts';
import { oneLine, SlurmUnavailableError } from './errors.ts';
import { parseAcceptance } from './sbatch.ts';
import type { JobList, SubmitOutcome } from './scheduler.ts';

/** The outcome of an sbatch without a result; undefined if the error is not one of the transport. */
export function parseSubmitTransportError(error: unknown): SubmitOutcome | undefined {
  if (error instanceof SudoRefusedError) return { kind: 'unavailable', message: error.message, isOfUser: true };
  if (error instanceof UserHeldError)
    return { kind: 'unavailable', message: error.message, isOfUser: true, isStuck: true };
  if (error instanceof CommandNotFoundError || error instanceof HostUnreachableError) {
    return { kind: 'unavailable', message: error.message };
  }
  if (error instanceof CommandTimeoutError) {
    return parseAcceptance(error.stdout) ?? { kind: 'unknown', message: oneLine(`${error.message}. ${error.stderr}`) };
  }
  return error instanceof ConnectionLostError ? { kind: 'unknown', message: error.message } : undefined;
}

/** For `catch`: a list that cannot be read is `failed`. */
export function failedList(error: unknown): JobList {
  if (isTransportError(error)) return { kind: 'failed', message: error.message };
  throw error;
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
