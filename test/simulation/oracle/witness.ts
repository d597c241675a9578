// The witness: keeps for the history what is new about jobs, and when each task had an entry in the scheduler queue.
import { isLive } from '../../../src/slurm/job-state.ts';
import type { SimJob } from '../cluster.ts';
import { SCHEDULER_QUEUE } from '../queues.ts';
import type { World } from '../world.ts';
import { losesJournals, plainToSeeMs } from './permitted.ts';
import { named, type ExpectedEnds } from './expected-ends.ts';
import type { RoundPlan } from '../plan.ts';
import type { Outages } from '../outages.ts';

export interface Observer {
  /** Notes which tasks have an entry now. */
  seeEntries(): void;
  /** A job for a task that has long had no entry for it would find the gate closed. */
  checkEntry(task: string): void;
  /** Notes what is new about these jobs. */
  seeJobs(jobs: readonly SimJob[]): void;
}

export function createObserver(world: World, weather: Outages, history: ExpectedEnds, plan: RoundPlan): Observer {
  /** When each task was last seen to have an entry in the scheduler queue. */
  const parkedAt = new Map<string, number>();
  const known = new Map<SimJob, Pick<SimJob, 'runs' | 'restarts'> & { readonly isLeaving: boolean }>();

  // Once the controller has forgotten a job, only accounting knows what became of it; and without a journal no daemon looks for a task
  // that the SIGTERM has stopped.
  const isUntold = !plan.hasAccounting || losesJournals(plan);

  function seeEntries(): void {
    for (const { task } of world.server.store.queues.get(SCHEDULER_QUEUE)?.entries ?? [])
      parkedAt.set(task, world.now());
  }

  function seeJob(job: SimJob): void {
    const before = known.get(job);
    if (before === undefined) history.submitted(job);
    // Nobody remembers any more that it was he who cancelled the extra one.
    if (job.isDouble && losesJournals(plan)) history.permit(job.task, ['stopped']);
    if (job.restarts > (before?.restarts ?? 0)) {
      history.permitRun(job.task);
      if (isUntold) history.permit(job.task, ['stopped', 'failed']);
    }
    // Where it died on its way out, it looks like one that a user's scancel has ended.
    if (before?.isLeaving === true && !isLive(job.state) && isUntold) history.permit(job.task, ['stopped']);
    if (job.runs > (before?.runs ?? 0)) history.ran(job.task);
    known.set(job, { runs: job.runs, restarts: job.restarts, isLeaving: job.leaving !== undefined });
  }

  return {
    seeEntries,
    checkEntry(task) {
      seeEntries();
      if (weather.awakeMsSince(parkedAt.get(task) ?? world.now()) < plainToSeeMs(plan)) return;
      history.report({ kind: 'wrong', task, says: `${named(task)} got a job, though its entry was taken long ago` });
    },
    seeJobs(jobs) {
      for (const job of jobs) seeJob(job);
    },
  };
}
