// One pass of the reconcile loop, the same for the daemon and for `execute`: poll, adopt, finish steps, reconcile.
import { formatDuration } from '../base/format-duration.ts';
import { CredentialsRejectedError, ServerUnreachableError } from '../clearml/errors.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { DaemonDeps } from './deps.ts';
import { pollWith, readParkedIn, type Snapshot } from './poll/poll.ts';
import { createServerReader } from './poll/incremental-server-reads.ts';
import { forEachTask } from './reconcile/each-task.ts';
import { createBesidePasses, reconcile, type BesidePasses } from './reconcile/reconcile.ts';
import { createAdopter } from './recover/adopt-untracked-task.ts';
import { finishInterruptedSteps } from './recover/finish-interrupted-steps.ts';
import type { SubmissionPool } from './submit/submission-pool.ts';

export interface PassOptions {
  /** Also searches all tasks of the served queues for untracked ones, which costs one more request. */
  readonly searchAll: boolean;
  readonly signal: AbortSignal;
  /** Called after untracked tasks were adopted, before anything else is done. `areAllAdopted` is false if some were left. */
  readonly onAdopted: (snapshot: Snapshot, areAllAdopted: boolean) => void;
}

export interface PassResult {
  readonly snapshot: Snapshot;
  /** Slurm is about to show a change: a job was cancelled, or a submission waits for its job to appear. */
  readonly isChangeExpected: boolean;
}

/** Runs one pass. Undefined if Slurm did not list its jobs: nothing was done then. */
export type RunPass = (options: PassOptions) => Promise<PassResult | undefined>;

/** @param only limits the search for untracked tasks to this task */
export function createPass(
  deps: DaemonDeps,
  pool: SubmissionPool,
  { only, beside = createBesidePasses(deps) }: { readonly only?: TaskId; readonly beside?: BesidePasses } = {},
): RunPass {
  const adopter = createAdopter(deps, beside.canceller, { only });
  const reader = createServerReader(deps);

  return async ({ searchAll, signal, onAdopted }) => {
    const snapshot = await pollWith(deps, signal, () => reader.read());
    if (snapshot === undefined) return undefined;
    reader.note(snapshot);
    await deps.peers.refresh(deps.clearml.workers, snapshot.at);
    await recordSchedulerQueues(deps, snapshot, signal);
    onAdopted(snapshot, await adopter.adopt(snapshot, { everywhere: searchAll, signal }));
    const isSettled = await finishInterruptedSteps(deps, pool, snapshot, signal);
    const isSoon = await reconcile(deps, pool, snapshot, signal, beside);
    return { snapshot, isChangeExpected: isSoon || !isSettled };
  };
}

/**
 * Completes the entries of 0.2.0, and of jobs that were adopted while they ran: the scheduler queue of the configuration may have changed
 * since such a task was parked.
 */
function recordSchedulerQueues(deps: DaemonDeps, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
  const parkedIn = readParkedIn(snapshot);
  return forEachTask(deps, snapshot, signal, async (entry) => {
    // Until then, a task is parked by another daemon, if at all.
    if (entry.schedulerQueue !== undefined || entry.step === 'claiming' || entry.step === 'orphaned') return;
    const task = snapshot.tasks.get(entry.task);
    if (task?.status !== 'queued' || task.executionQueue !== entry.queue) return;
    const schedulerQueue = parkedIn(task);
    if (schedulerQueue !== undefined) await deps.journal.write({ ...entry, schedulerQueue });
  });
}

/** Logs why a pass failed. @param retryAt milliseconds since 1970 */
export function logPassFailure(
  { log, clock }: Pick<DaemonDeps, 'log' | 'clock'>,
  error: unknown,
  retryAt: number,
): void {
  const retry = `retrying in ${formatDuration(Math.max(0, retryAt - clock.now()))}`;
  if (error instanceof ServerUnreachableError || error instanceof CredentialsRejectedError)
    log.warn(`ClearML request failed; running jobs continue; ${retry}`, { err: error });
  else log.error(`Poll failed; ${retry}`, { err: error });
}
