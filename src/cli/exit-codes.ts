// The exit codes of the program: the one table from what went wrong to the number a script sees.
import { CredentialsRefused, ServerRefused, ServerUnreachable, ServerUnusable } from '../clearml/errors.ts';
import { ConfigProblem, NoCredentials, NoSuchSetting } from '../config/errors.ts';
import { AlreadyRunning, StateFolderUnusable } from '../glue/lock.ts';
import { JournalUnusable } from '../glue/journal.ts';
import { CommandNotFound, CommandTimedOut, HostUnreachable } from '../host/errors.ts';
import { SlurmUnavailable } from '../slurm/errors.ts';
import { TemplateProblem } from '../template/errors.ts';
import { UsageProblem } from './usage-problem.ts';

/** After sysexits(3), where it has a number for it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  cannotCreate: 73,
  tryAgain: 75,
  refused: 77,
  configuration: 78,
} as const;

type ErrorClass = abstract new (...args: never[]) => Error;

const CODES: readonly (readonly [ErrorClass, number])[] = [
  [UsageProblem, EXIT.usage],
  [ConfigProblem, EXIT.configuration],
  [NoCredentials, EXIT.configuration],
  [NoSuchSetting, EXIT.configuration],
  [TemplateProblem, EXIT.configuration],
  [ServerUnusable, EXIT.configuration],
  [CredentialsRefused, EXIT.refused],
  [ServerRefused, EXIT.failed],
  [ServerUnreachable, EXIT.unavailable],
  [SlurmUnavailable, EXIT.unavailable],
  [CommandNotFound, EXIT.unavailable],
  [CommandTimedOut, EXIT.unavailable],
  [HostUnreachable, EXIT.unavailable],
  [JournalUnusable, EXIT.cannotCreate],
  [StateFolderUnusable, EXIT.cannotCreate],
  [AlreadyRunning, EXIT.tryAgain],
];

/** The exit code for an error, or undefined for one that nobody expected: a bug, whose stack should be shown. */
export function exitCodeOf(error: unknown): number | undefined {
  return CODES.find(([kind]) => error instanceof kind)?.[1];
}
