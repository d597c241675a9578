// Parked tasks with pending jobs on a server in memory, for tests of polls that read only what changed.
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { ServerState } from '../../../src/daemon/poll/poll.ts';
import { createServerReader, type ServerReader } from '../../../src/daemon/poll/incremental-server-reads.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import type { Job, JobId } from '../../../src/slurm/scheduler.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf, jobOf } from '../decide/observations.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

export const QUEUES = [OWN_QUEUE, OTHER_QUEUE, SCHEDULER_QUEUE] as const;
export const JOB_STATES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', undefined] as const;
/** Reads only what changed, and one task in full. */
const INCREMENTAL = { fullUpTo: 0, perSweep: 1 };

export interface Bed {
  readonly fixture: StepFixture;
  readonly reader: ServerReader;
  readonly tasks: readonly TaskId[];
}

/** Parked tasks, each with a pending job whose reason is known. */
export async function createBed(count: number, readLimits = INCREMENTAL): Promise<Bed> {
  const fixture = createStepFixture({ readLimits });
  const { deps, server, clock } = fixture;
  const tasks = Array.from({ length: count }, (_, index) => taskNumber(index + 1));
  for (const task of tasks) {
    await fixture.enqueued(Number(task));
    await server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    await server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    await deps.journal.write(entryFor(task));
  }
  clock.pass(3_600_000);
  await deps.clearml.workers.register(deps.peers.row(), 600_000);
  await hear(fixture);
  return { fixture, tasks, reader: createServerReader(deps) };
}

export function entryFor(task: TaskId): Entry {
  const jobId = String(Number(task)) as JobId;
  return entryOf({
    task,
    queue: OWN_QUEUE,
    jobId,
    told: { reason: `${jobId}:debug:Priority`, startedOn: `${jobId}@` },
  });
}

export function jobsFor(task: TaskId, state: (typeof JOB_STATES)[number]): Job[] {
  if (state === undefined) return [];
  const id = String(Number(task)) as JobId;
  return [jobOf(state, { id, name: formatJobName(task, attempt(1)), reason: 'Priority' })];
}

/** A heartbeat, and a reading of all heartbeats as at the end of a pass. */
export async function hear({ deps, clock }: StepFixture): Promise<void> {
  await deps.clearml.workers.report(deps.peers.row());
  await deps.peers.refresh(deps.clearml.workers, clock.now());
}

/** A poll that finds each job as its task's status would have it. */
export async function pollAtRest({ fixture, reader, tasks }: Bed): Promise<ServerState> {
  const state = await reader.read();
  reader.note({ tasks: state.tasks, jobs: new Map(tasks.map((id) => [id, usualJobs(id, state.tasks.get(id))])) });
  await hear(fixture);
  return state;
}

export function usualJobs(id: TaskId, task: Task | undefined): Job[] {
  return jobsFor(id, task?.status === 'in_progress' ? 'RUNNING' : 'PENDING');
}

/** What a poll of everything reads. */
export async function readEverything({ fixture: { deps }, tasks }: Bed): Promise<ServerState> {
  return {
    ...(await deps.clearml.queues.readAll()),
    ...(await deps.clearml.tasks.read(tasks)),
    isRemembered: () => false,
    readNext: () => undefined,
  };
}
