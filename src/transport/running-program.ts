// A program under way on this machine: what it prints is collected, it is ended when it must end, and its outcome told when it has ended.
import type { Readable } from 'node:stream';
import { collectOutput, describeTooMuch } from './collected-output.ts';
import { CommandTimeoutError, ConnectionLostError } from './errors.ts';
import type { Command, CommandResult } from './transport.ts';
import type { ExitStatus } from './exit-status.ts';
import { KILL_GRACE_MS, killGroup } from './process-group.ts';

export interface RunningProgram {
  /** The leader of the process group that it, and whatever it starts, belongs to. */
  readonly group: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when it has ended and all that it printed was heard; rejects with what became of it instead. */
  readonly ended: Promise<ExitStatus>;
  /** Lets go of it: a process that left the group still holds its pipes, or the kernel won't let go of it. */
  readonly giveUp: () => void;
}

/**
 * @param signals each of them ends the program with its reason
 * @throws CommandTimeoutError, ConnectionLostError as `Host.run` does, and what `ended` rejects with
 */
export function trackProgram(
  { group, stdout, stderr, ended, giveUp }: RunningProgram,
  { program, timeoutMs }: Command,
  signals: readonly AbortSignal[],
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const printed = collectOutput(() => endWith(tooMuch));
    const complained = collectOutput(() => endWith(tooMuch));
    let whyEnded: (() => unknown) | undefined;
    const timers = [setTimeout(() => endWith(timedOut), timeoutMs)];

    function timedOut(): CommandTimeoutError {
      return new CommandTimeoutError(program, timeoutMs, printed.text(), complained.text());
    }

    function aborted(): unknown {
      return signals.find((signal) => signal.aborted)?.reason;
    }

    function tooMuch(): ConnectionLostError {
      return new ConnectionLostError(describeTooMuch(program));
    }

    function endWith(why: () => unknown): void {
      if (whyEnded !== undefined) return;
      whyEnded = why;
      killGroup(group, 'SIGTERM');
      const kill = (): void => killGroup(group, 'SIGKILL');
      const letGo = (): void => {
        giveUp();
        fail(why());
      };
      timers.push(setTimeout(kill, KILL_GRACE_MS), setTimeout(letGo, 2 * KILL_GRACE_MS));
    }

    function stopWatching(): void {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    }

    function fail(why: unknown): void {
      stopWatching();
      reject(why instanceof Error ? why : new Error(`${program} was ended`, { cause: why }));
    }

    const onAbort = (): void => endWith(aborted);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    stdout.on('data', printed.add);
    stderr.on('data', complained.add);
    ended.then(
      (how) => {
        stopWatching();
        if (whyEnded === undefined) resolve({ ...how, stdout: printed.text(), stderr: complained.text() });
        else fail(whyEnded());
      },
      (error: unknown) => fail(whyEnded === undefined ? error : whyEnded()),
    );
  });
}
