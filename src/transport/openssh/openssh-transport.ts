// Runs commands by the system's ssh through an open connection: the user's, or one opened without prompts.
import { abortWith, orAborted } from '../../base/abort-with.ts';
import { systemClock, type Clock } from '../../base/clock.ts';
import { CommandTimeoutError } from '../errors.ts';
import type { Transport, CommandResult } from '../transport.ts';
import { defaultLoginBackoff, type LoginBackoff } from '../persistent-connection.ts';
import { createMasters } from './openssh-master.ts';
import { isUnreachable, sessionArgs, type SshDestination } from './openssh-arguments.ts';
import { randomNonce } from '../output-frame.ts';
import { excerptOf, parseResult } from '../parse-remote-result.ts';
import { createRemoteTransport, type Attempt, type SshTransport } from '../remote-transport.ts';
import { remoteScript, remoteCommand, scriptBlock, type RemoteContext } from '../remote-script.ts';
import { createShellPool, MaxSessionsError } from '../shell-pool.ts';

export interface OpensshTransportOptions {
  readonly destination: SshDestination;
  readonly context: RemoteContext;
  /** The local transport, with ssh's environment: HOME, SSH_AUTH_SOCK, KRB5CCNAME. */
  readonly here: Transport;
  /**
   * Allows a connection of our own if it opens without prompts (a key, Kerberos). `controlPath` is its socket, in a private directory.
   * Without it only the user's connection is used.
   */
  readonly ownLogin?: { readonly controlPath: string };
  /** Concurrent commands; default 4. */
  readonly maxSessions?: number;
  readonly backoff?: LoginBackoff;
  readonly clock?: Clock;
}

const MAX_SESSIONS = 4;

export function createOpensshTransport(options: OpensshTransportOptions): SshTransport {
  const { destination, context, here, maxSessions = MAX_SESSIONS } = options;
  const masters = createMasters({
    here,
    destination,
    ownPath: options.ownLogin?.controlPath,
    backoff: options.backoff ?? defaultLoginBackoff,
    clock: options.clock ?? systemClock,
  });
  const sessions = createShellPool(() => Promise.resolve({ isUsable: () => false }), maxSessions);
  const name = destination.host;

  async function inSession({ command, signals, begin }: Attempt, controlPath: string): Promise<CommandResult> {
    const token = randomNonce();
    const nonce = randomNonce();
    const { program, timeoutMs } = command;
    masters.assertOwned(controlPath);
    begin();
    const stop = new AbortController();
    const leave = abortWith(stop, signals);
    const result = await here
      .run({
        program: 'ssh',
        args: sessionArgs(destination, controlPath, remoteCommand(token), nonce),
        stdin: scriptBlock(remoteScript(command, context, nonce), token),
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
      if (await masters.isOpen(controlPath)) throw new MaxSessionsError('the session was refused');
      masters.forget(controlPath);
      throw masters.gone();
    }
    return parseResult(command, name, nonce, result, {
      ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
      reason: `ssh ended with ${result.killedBy ?? `exit code ${String(result.exitCode)}`}`,
      printed: result.stderr,
    });
  }

  return createRemoteTransport({
    name,
    calledAs: destination.host,
    loginCount: () => masters.loginCount(),
    end: (why) => masters.close(why),
    async attempt(attempt) {
      const controlPath = await orAborted(masters.find(), attempt.beforeStart);
      const isAsUser = attempt.command.runAs !== undefined;
      return await sessions.lend(() => inSession(attempt, controlPath), attempt.beforeStart, isAsUser);
    },
  });
}
