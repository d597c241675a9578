// How a program ended, as a shell tells it: a signal is an exit code above 128, where programs have codes of their own too.
import type { CommandResult } from './transport.ts';

export type ExitStatus = Pick<CommandResult, 'exitCode' | 'killedBy'>;

/** The signals by which others end a program. Other codes are the program's own: scancel ends with 140, for one. */
const ENDING_SIGNALS = new Map([
  [1, 'SIGHUP'],
  [2, 'SIGINT'],
  [3, 'SIGQUIT'],
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [7, 'SIGBUS'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [13, 'SIGPIPE'],
  [15, 'SIGTERM'],
]);

export function exitStatus(exitCode: number): ExitStatus {
  const killedBy = ENDING_SIGNALS.get(exitCode - 128);
  return killedBy === undefined ? { exitCode, killedBy } : { exitCode: undefined, killedBy };
}
