// Runs one Slurm command when its turn has come, and none as a Unix user whose commands hang, until a probe gets a response.
import type { ConcurrencyLimit } from '../base/concurrency-limit.ts';
import type { Logger } from '../log/logger.ts';
import { CommandTimeoutError, UserHeldError } from '../transport/errors.ts';
import type { Command, CommandResult, Transport } from '../transport/transport.ts';
import { oneLine } from './errors.ts';
import { createStuckUsers, type CommandKind } from './stuck-users.ts';

export interface HowToRun {
  readonly kind: CommandKind;
  /** Undefined if it has its turn already. */
  readonly slots?: ConcurrencyLimit;
}

/** @throws UserHeldError, and what the transport throws */
type RunCommand = (how: HowToRun, command: Command) => Promise<CommandResult>;

interface CommandRunnerDeps {
  readonly host: Transport;
  readonly scancel: string;
  readonly log: Logger;
  /** Milliseconds, never set back. */
  readonly now: () => number;
}

export function createCommandRunner({ host, scancel, log, now }: CommandRunnerDeps): RunCommand {
  const stuckUsers = createStuckUsers(now);

  async function run({ kind, slots }: HowToRun, command: Command): Promise<CommandResult> {
    const { runAs: user, signal } = command;
    if (user !== undefined) {
      const turn = stuckUsers.turn(kind, user);
      const probing = turn === 'probe' ? probe(kind, user, command) : undefined;
      // No pass waits for sbatch.
      if (kind === 'sbatch') await probing;
      checkTurn(kind, user, command.program);
    }
    const call = (): Promise<CommandResult> => runInTurn(kind, command);
    const result = await (slots?.run(call, { user, signal }) ?? call());
    log.debug('Ran a Slurm command', {
      command: oneLine([command.program, ...command.args].join(' ')),
      ...(user === undefined ? {} : { as: user }),
      exit: result.exitCode ?? result.killedBy,
      stderr: oneLine(result.stderr),
    });
    return result;
  }

  async function runInTurn(kind: CommandKind, command: Command): Promise<CommandResult> {
    const { runAs: user } = command;
    // Again, because a command for which this one waited may have timed out.
    if (user !== undefined) checkTurn(kind, user, command.program);
    // Whether a killed sbatch has submitted a job is unknown, so it has its time: no caller waits for it.
    const isShortened = user !== undefined && kind !== 'sbatch';
    const timeoutMs = isShortened ? stuckUsers.timeoutMs(kind, user, command.timeoutMs) : command.timeoutMs;
    const startedAt = now();
    try {
      const result = await host.run({ ...command, timeoutMs });
      // A response after the timeout shows that the daemon stood still meanwhile, and not how long the command took.
      stuckUsers.responded(kind, user, Math.max(startedAt, now() - timeoutMs));
      return result;
    } catch (error) {
      if (user !== undefined && error instanceof CommandTimeoutError) stuckUsers.timedOut(kind, user, startedAt);
      throw error;
    }
  }

  /** @throws UserHeldError if an earlier command of this user has timed out and no probe got a response since */
  function checkTurn(kind: CommandKind, user: string, program: string): void {
    if (stuckUsers.turn(kind, user) !== 'run') throw new UserHeldError(program, user);
  }

  async function probe(kind: CommandKind, user: string, command: Command): Promise<void> {
    stuckUsers.probeStarted(kind, user);
    const startedAt = now();
    // A probe must not submit a job, and sudo permits scancel to every user.
    const harmless = kind === 'sbatch' ? { ...command, program: scancel, args: ['--version'], stdin: '' } : command;
    const timeoutMs = stuckUsers.probeTimeoutMs(kind, command.timeoutMs);
    const hasResponded = await host.run({ ...harmless, timeoutMs }).then(
      () => true,
      () => false,
    );
    stuckUsers.probeEnded(kind, user, hasResponded ? now() - startedAt : undefined);
  }

  return run;
}
