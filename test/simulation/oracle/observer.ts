// Observes jobs, entries of the scheduler queue and orphans while a round runs.
import { isLive } from '../../../src/slurm/job-state.ts';
import type { SimJob } from '../simulated-slurm.ts';
import type { Outages } from '../outages.ts';
import { named, SCHEDULER_QUEUE } from '../queues.ts';
import type { FaultKind } from '../fault-injectors.ts';
import type { RoundPlan } from '../schedule.ts';
import type { World } from '../world.ts';
import type { ExpectedEnds } from './expected-ends.ts';
import { losesJournals, mustMoveOnAtOnce, plainToSeeMs } from './permitted.ts';

export interface Observer {
  /** Records which tasks have an entry in the scheduler queue now. */
  seeEntries(): void;
  /** Checks that a submitted task has had an entry recently: otherwise its job cannot pass the gate. */
  checkEntry(task: string): void;
  /** Records the changes of these jobs. */
  seeJobs(jobs: readonly SimJob[]): void;
  /** Records a fault: orphans may then take longer to be recovered. */
  disturbed(by?: FaultKind): void;
  /** Checks that orphans are recovered in time. */
  checkOrphans(): void;
}

/** A daemon polls when it starts and then every few seconds. It finds tasks that are in no journal only later. */
const LONGEST_ORPHAN_MS = 45_000;
/** The daemon waits for a report of the agent and for its next poll. */
const LONGEST_REPETITION_MS = 70_000;
/** If a daemon is killed while it recovers a task, the next one finds that task only after a minute. */
const MOST_DISTURBED = 2;

export function createObserver(world: World, outages: Outages, ends: ExpectedEnds, plan: RoundPlan): Observer {
  const { server, cluster, daemons, tasks } = world;
  /** When each task was last seen to have an entry in the scheduler queue. */
  const parkedAt = new Map<string, number>();
  const known = new Map<SimJob, Pick<SimJob, 'state' | 'runs' | 'restarts' | 'leaving'>>();
  /** When something happened that may keep the daemons from a poll. */
  let disturbedAt = 0;
  const orphans = new Map<string, { since: number; disturbed: number }>();

  function seeEntries(): void {
    for (const { task } of server.store.queues.get(SCHEDULER_QUEUE)?.entries ?? []) parkedAt.set(task, world.now());
  }

  // After the controller has forgotten a job, only accounting shows how it ended. Without a journal no daemon looks for a task that the
  // SIGTERM has stopped.
  const isUntraceable = !plan.hasAccounting || losesJournals(plan);

  function hasDouble(job: SimJob): boolean {
    return cluster.jobs.some((other) => other !== job && other.name === job.name);
  }

  function seeJob(job: SimJob): void {
    const before = known.get(job);
    if (before === undefined) ends.submitted(job);
    // A daemon that lost its journal does not know that it cancelled the extra job itself.
    if (job.isDouble && losesJournals(plan)) ends.permit(job.task, ['stopped']);
    if (job.restarts > (before?.restarts ?? 0)) {
      ends.permitRun(job.task);
      if (isUntraceable) ends.permit(job.task, ['stopped', 'failed']);
    }
    // A job that died while it was ending looks like a job that the user ended with scancel.
    if (before?.leaving !== undefined && !isLive(job.state) && isUntraceable) ends.permit(job.task, ['stopped']);
    // It had started the task just before a daemon cancelled it, so the task runs in another job.
    if (before?.leaving?.by === 'a daemon' && !isLive(job.state) && hasDouble(job)) ends.permitRun(job.task);
    if (before !== undefined && isLive(before.state) && !isLive(job.state)) permitEndBeforeRepetition(job);
    if (job.runs > (before?.runs ?? 0)) ends.ran(job.task);
    known.set(job, { state: job.state, runs: job.runs, restarts: job.restarts, leaving: job.leaving });
  }

  /** A job may end before a daemon has seen that its agent overwrote the user's request, and has repeated it. */
  function permitEndBeforeRepetition({ task }: SimJob): void {
    const since = world.invariants.overwrittenSince(task);
    if (since !== undefined && !mustHaveRepeated(since))
      ends.permitDespiteAbort(task, world.endsWell(task) ? 'completed' : 'failed');
  }

  function mustHaveRepeated(since: number): boolean {
    if (daemons.some(({ running }) => running === undefined)) return false;
    return outages.awakeMsSince(Math.max(since, disturbedAt)) > LONGEST_REPETITION_MS + plainToSeeMs(plan);
  }

  return {
    seeEntries,
    checkEntry(task) {
      seeEntries();
      if (outages.awakeMsSince(parkedAt.get(task) ?? world.now()) < plainToSeeMs(plan)) return;
      ends.report({ kind: 'wrong', task, says: `${named(task)} got a job, though its entry was taken long ago` });
    },
    seeJobs(jobs) {
      for (const job of jobs) seeJob(job);
    },
    disturbed(by) {
      if (by?.startsWith('user') !== true) disturbedAt = world.now();
      for (const [task, { disturbed }] of orphans) {
        orphans.set(task, { since: world.now(), disturbed: disturbed + 1 });
      }
    },
    checkOrphans() {
      if (!mustMoveOnAtOnce(plan) || !daemons.some(({ running }) => running !== undefined)) return;
      const waiting = new Set(server.store.queues.all().flatMap(({ entries }) => entries.map(({ task }) => task)));
      for (const task of tasks) {
        const isQueued = server.store.tasks.get(task)?.status === 'queued';
        if (!isQueued || waiting.has(task) || cluster.jobs.some((job) => job.task === task)) {
          orphans.delete(task);
          continue;
        }
        const orphan = orphans.get(task);
        if (orphan === undefined) orphans.set(task, { since: world.now(), disturbed: 0 });
        else if (orphan.disturbed <= MOST_DISTURBED && world.now() - orphan.since > LONGEST_ORPHAN_MS) {
          ends.report({ kind: 'lost', task, says: `${named(task)} is in no queue, and no daemon recovers it` });
        }
      }
    },
  };
}
