// Runs one reconcile pass of the real daemon, one response at a time.
import type { Clock } from '../../src/base/clock.ts';
import type { ClockReading, JournalValue } from './journal-value.ts';
import { createModelDeps } from './model-deps.ts';
import { openModelJournal } from './model-journal.ts';
import type { Event, OutsideCall, PendingCall, Reply } from './outside-calls.ts';
import type { Program } from './program.ts';

/** How a pass began: together with the responses since, it determines the memory of the daemon. */
export interface PassStart {
  readonly daemon: number;
  readonly journal: JournalValue;
  /** Jobs created so far: a later attempt has a later name. */
  readonly made: number;
  /** Whether all times in memory and on the server are long ago, or a moment ago. */
  readonly isLongAfter: boolean;
  /** Whether sbatch takes longer than a peer leaves a parked task alone: without that, no peer returns a task that is being submitted. */
  readonly hasSlowSbatch: boolean;
}

/** The progress of a pass. */
export interface PassState {
  /** The calls that it waits for; empty when the pass is over. */
  readonly pending: readonly PendingCall[];
  /** The content on disk. */
  readonly journal: JournalValue;
  /** Whether the loop sleeps; a submission may still run. */
  readonly isAsleep: boolean;
  readonly death: string | undefined;
}

const FIRST_PASS_AT = 1_800_000_000_000;
/** Longer than every grace period. */
const LONG_MS = 1_000_000_000;
const PASS_INTERVAL_MS = 10 * LONG_MS;

/** A running daemon in memory: it can continue, but it cannot be copied. */
export interface DaemonPass {
  moment(): PassState;
  take(event: Event): Promise<void>;
}

export async function beginPass(program: Program, beginning: PassStart): Promise<DaemonPass> {
  const { daemon, made, isLongAfter } = beginning;
  const startedAt = FIRST_PASS_AT + made * PASS_INTERVAL_MS;
  const reading: ClockReading = isLongAfter
    ? { earlier: 1, serverOffset: 0 }
    : { earlier: startedAt - 1, serverOffset: startedAt - 1_000 };
  let nowAt = startedAt;
  let seq = 0;
  let death: string | undefined;
  const waiting = new Map<number, { readonly call: OutsideCall; readonly answer: (reply: Reply) => void }>();
  const sleepers = new Set<() => void>();

  function ask(call: OutsideCall): Promise<Reply> {
    return new Promise((answer) => {
      waiting.set(seq, { call, answer });
      seq += 1;
    });
  }

  const disk = openModelJournal(program, ask, beginning.journal, reading);
  const clock: Clock = {
    now: () => nowAt,
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal?.addEventListener(
          'abort',
          () => {
            sleepers.delete(resolve);
            reject(new Error('aborted'));
          },
          { once: true },
        );
      }),
  };

  const { journal } = disk;
  const deps = createModelDeps(program, ask, { clock, journal, daemon, serverOffset: reading.serverOffset });
  const options = {
    intervals: { pollMs: 15_000, queueMs: 15_000 },
    once: false,
    stop: new AbortController().signal,
    lock: { touch: () => Promise.resolve(), release: () => Promise.resolve() },
    random: () => 0.5,
  };
  program.runDaemon(deps, options).then(
    () => (death = 'the daemon ended by itself'),
    (error: unknown) => (death = `the daemon died of ${String(error)}`),
  );
  await settle();

  return {
    async take(event) {
      if ('wakes' in event) {
        nowAt += LONG_MS;
        const awake = [...sleepers];
        sleepers.clear();
        for (const wake of awake) wake();
      } else {
        const one = waiting.get(event.seq);
        waiting.delete(event.seq);
        if (beginning.hasSlowSbatch && 'slurm' in event.reply && 'outcome' in event.reply.slurm) nowAt += LONG_MS;
        one?.answer(event.reply);
      }
      await settle();
    },
    moment: () => ({
      pending: [...waiting].map(([number, { call }]) => ({ seq: number, call })),
      journal: disk.value(),
      // The heartbeat always sleeps as well.
      isAsleep: sleepers.size > 1,
      death,
    }),
  };
}

/** Resolves when every promise waits for something outside. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
