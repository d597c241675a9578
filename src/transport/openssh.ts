// A machine reached by the system's ssh, through a connection that stands already: the user's own, or one made without a question.
import { abortWith } from '../base/abort-with.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { CommandTimeoutError } from './errors.ts';
import type { Transport, CommandResult } from './transport.ts';
import { defaultLoginBackoff, type LoginBackoff } from './login-backoff.ts';
import { createMasters } from './openssh-master.ts';
import { isUnreachable, sessionArgs, type SshDestination } from './openssh-arguments.ts';
import { randomNonce } from './frame.ts';
import { excerptOf, readResult } from './remote-result.ts';
import { createRemoteTransport, orAborted, type Attempt, type SshTransport } from './remote-transport.ts';
import { remoteScript, remoteWord, scriptBlock, type RemoteContext } from './remote-script.ts';
import { createShellPool, MaxSessionsError } from './shell-pool.ts';

export interface OpensshTransportOptions {
  readonly destination: SshDestination;
  readonly surroundings: RemoteContext;
  /** This machine, with what ssh needs in its environment: HOME, SSH_AUTH_SOCK, KRB5CCNAME. */
  readonly here: Transport;
  /**
   * Where a connection of our own may be made, if that can be done without a question (a key, Kerberos): the path of its
   * socket, in a folder that only we can enter. When left out, only the user's own connection is used: nobody logs in.
   */
  readonly ownLogin?: { readonly controlPath: string };
  /** Commands at once; 4 when left out. */
  readonly maxSessions?: number;
  readonly pace?: LoginBackoff;
  readonly clock?: Clock;
}

const MAX_SESSIONS = 4;

export function createOpensshTransport(options: OpensshTransportOptions): SshTransport {
  const { destination, surroundings, here, maxSessions = MAX_SESSIONS } = options;
  const masters = createMasters({
    here,
    destination,
    ownPath: options.ownLogin?.controlPath,
    pace: options.pace ?? defaultLoginBackoff,
    clock: options.clock ?? systemClock,
  });
  const sessions = createShellPool(() => Promise.resolve({ isUsable: () => false }), maxSessions);
  const name = destination.host;

  async function inSession({ command, signals, begin }: Attempt, controlPath: string): Promise<CommandResult> {
    const token = randomNonce();
    const nonce = randomNonce();
    const { program, timeoutMs } = command;
    masters.mustBeOurs(controlPath);
    begin();
    const stop = new AbortController();
    const leave = abortWith(stop, signals);
    const result = await here
      .run({
        program: 'ssh',
        args: sessionArgs(destination, controlPath, remoteWord(token), nonce),
        stdin: scriptBlock(remoteScript(command, surroundings, nonce), token),
        timeoutMs,
        signal: stop.signal,
      })
      .catch((error: unknown) => {
        if (!(error instanceof CommandTimeoutError)) throw error;
        const { stdout, stderr } = excerptOf(nonce, error);
        throw new CommandTimeoutError(program, timeoutMs, stdout, stderr);
      })
      .finally(leave);
    if (isUnreachable(result.stderr, nonce)) {
      if (await masters.isThere(controlPath)) throw new MaxSessionsError('the session was refused');
      masters.forget(controlPath);
      throw masters.gone();
    }
    const ended = `ssh ended with ${result.killedBy ?? `exit code ${String(result.exitCode)}`}`;
    return readResult(command, name, nonce, result, {
      ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
      words: [ended, result.stderr.trim()].filter((words) => words !== '').join(': '),
    });
  }

  return createRemoteTransport({
    name,
    calledAs: destination.host,
    loginCount: () => masters.loginCount(),
    end: (why) => masters.close(why),
    async attempt(attempt) {
      const controlPath = await orAborted(masters.find(), attempt.unlessBegun);
      return await sessions.lend(() => inSession(attempt, controlPath), attempt.unlessBegun);
    },
  });
}
