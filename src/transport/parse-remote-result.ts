// Turns the output of a remote session into a result or a transport error.
import { stripToOneLine } from '../base/terminal-text.ts';
import { limitText } from '../base/truncate-text.ts';
import { CommandNotFoundError, ConnectionLostError, HostUnreachableError } from './errors.ts';
import { parseFrame } from './output-frame.ts';
import { type Command, type CommandResult, withoutLocaleWarnings } from './transport.ts';
import { TRUNCATED_SCRIPT_EXIT_CODE } from './remote-script.ts';

/** The output of a session, complete or truncated. */
export interface SessionOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a session ended. */
export interface SessionEnd {
  /** Of the remote shell. */
  readonly exitCode?: number;
  /** For messages: `the connection was lost`. */
  readonly reason: string;
  /** Where the SSH client prints its own errors: what the program has printed is in it too. */
  readonly printed?: string;
}

/**
 * @param nonce of the script that was sent
 * @throws CommandNotFoundError, HostUnreachableError, ConnectionLostError as `Host.run` does
 */
export function parseResult(
  command: Command,
  host: string,
  nonce: string,
  output: SessionOutput,
  { exitCode, reason, printed = '' }: SessionEnd,
): CommandResult {
  const { program } = command;
  const framed = parseFrame(nonce, output.stdout, output.stderr);
  switch (framed.kind) {
    case 'ended':
      return { ...exitStatus(framed.exitCode), stdout: framed.stdout, stderr: withoutLocaleWarnings(framed.stderr) };
    case 'no program':
      throw new CommandNotFoundError(program, framed.searchPath, host);
    case 'no folder':
      throw new HostUnreachableError(`${program} cannot start in ${framed.folder} on ${host}: no such directory`);
    case 'truncated':
      if (exitCode === TRUNCATED_SCRIPT_EXIT_CODE && !framed.hasBegun)
        throw new HostUnreachableError(`${host} did not receive the complete command ${program}, and ran nothing`);
      throw new ConnectionLostError(
        `${host} returned incomplete output of ${program}: ${withText(reason, framed.hasBegun ? printed : `${output.stderr}\n${output.stdout}`)}`,
      );
  }
}

/** What a host prints instead of running a command says why: that the password has expired, or that the account has no shell. */
function withText(reason: string, printed: string): string {
  const text = limitText(stripToOneLine(printed), 'shownReason');
  return text === '' ? reason : `${reason}: ${text}`;
}

/** The program's output so far, when it is given up. */
export function excerptOf(nonce: string, { stdout, stderr }: SessionOutput): SessionOutput {
  const framed = parseFrame(nonce, stdout, stderr);
  return framed.kind === 'truncated' || framed.kind === 'ended' ? framed : { stdout: '', stderr: '' };
}

type ExitStatus = Pick<CommandResult, 'exitCode' | 'killedBy'>;

/** Signals that kill a program. Other codes above 128 are the program's own, such as scancel's 140. */
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
