// What an answer from another machine means to whoever asked: a result, or one of the host's errors.
import { CommandNotFoundError, ConnectionLostError, HostUnreachableError } from './errors.ts';
import { readFrame } from './frame.ts';
import type { Command, CommandResult } from './transport.ts';
import { CUT_SCRIPT_EXIT_CODE } from './remote-script.ts';

/** What a session printed, from its beginning to its end or to where it broke. */
export interface SessionOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a session ended, where it did. */
export interface SessionEnd {
  /** Of the far side's shell. */
  readonly exitCode?: number;
  /** For people: `the connection was lost`. */
  readonly words: string;
}

/**
 * @param nonce of the script that was sent
 * @throws CommandNotFoundError, HostUnreachableError, ConnectionLostError as `Host.run` does
 */
export function readResult(
  command: Command,
  host: string,
  nonce: string,
  output: SessionOutput,
  { exitCode, words }: SessionEnd,
): CommandResult {
  const { program } = command;
  const answer = readFrame(nonce, output.stdout, output.stderr);
  switch (answer.kind) {
    case 'ended':
      return { ...exitStatus(answer.exitCode), stdout: answer.stdout, stderr: answer.stderr };
    case 'no program':
      throw new CommandNotFoundError(program, answer.searchPath, host);
    case 'no folder':
      throw new HostUnreachableError(
        `${program} can't be started in ${answer.folder} on ${host}: there is no such folder`,
      );
    case 'cut':
      if (exitCode === CUT_SCRIPT_EXIT_CODE && !answer.hasBegun)
        throw new HostUnreachableError(`${host} did not get all of ${program} and its input, and ran none of it`);
      throw new ConnectionLostError(`${host} gave no whole answer to ${program}: ${words}`);
  }
}

/** What a program had printed when it was given up. */
export function excerptOf(nonce: string, { stdout, stderr }: SessionOutput): SessionOutput {
  const answer = readFrame(nonce, stdout, stderr);
  return answer.kind === 'cut' || answer.kind === 'ended' ? answer : { stdout: '', stderr: '' };
}

type ExitStatus = Pick<CommandResult, 'exitCode' | 'killedBy'>;

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

function exitStatus(exitCode: number): ExitStatus {
  const killedBy = ENDING_SIGNALS.get(exitCode - 128);
  return killedBy === undefined ? { exitCode, killedBy } : { exitCode: undefined, killedBy };
}
