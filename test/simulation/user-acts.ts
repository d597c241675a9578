// Acts of users in the web page while the daemons run.
import { ApiError } from '../../src/sandbox/requests/api-error.ts';
import { decideStop } from '../../src/sandbox/services/tasks-status.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import type { Random } from '../support/random.ts';
import type { Injector } from './fault-injectors.ts';
import { named } from './queues.ts';
import { SCHEDULER_QUEUE } from './queues.ts';
import type { TestBed } from './test-bed.ts';

/** Returns an injector for a user's act on one task. */
export function userAct(act: string, endpoint: string, more: Readonly<Record<string, unknown>> = {}): Injector {
  return async (bed, { pick, tasks }) => {
    const { server, invariants, ...world } = bed.world;
    const present = tasks.filter((id) => server.store.tasks.get(id) !== undefined && !isTaken(bed, act, id));
    const task = present[pick % Math.max(1, present.length)];
    if (task === undefined) return undefined;
    try {
      await server.call(endpoint, { task, ...(act === 'archive' ? { tasks: [task] } : {}), ...more });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      world.note('user', `cannot ${act} ${named(task)}: ${error.message.slice(0, 60)}`);
      return undefined;
    }
    invariants.userActed(task, act, server.store);
    bed.ends.userActed(task, act, server.store.tasks.get(task));
    if (act === 'abort' && isTimingOut(bed, task)) bed.ends.permitDespiteAbort(task, 'failed');
    return `user: ${act} ${named(task)}`;
  };
}

/** The agent's response to SIGTERM erases the abort, and the job then ends at its time limit. */
function isTimingOut({ world: { cluster } }: TestBed, task: string): boolean {
  return cluster.jobs.some((job) => job.task === task && job.leaving?.state === 'TIMEOUT' && isLive(job.state));
}

/**
 * Whether an agent has taken the task but not started it yet, which the server does not show. Our jobs detect that a task is no longer
 * queued, but not that it is in another queue. While it starts a task, the real agent sets the task to in progress again and again, whatever
 * a user did to it meanwhile. The server does not give such an agent a request to stop before its first report.
 */
function isTaken({ world }: TestBed, act: string, task: string): boolean {
  const { otherAgent, cluster, server } = world;
  const jobs = cluster.jobs.filter((job) => job.task === task && isStarted(job.state));
  if (otherAgent.hasPopped(task)) return true;
  const document = server.store.tasks.get(task);
  if (jobs.some(({ phase }) => phase === 'begun' || phase === 'starting'))
    return act === 'abort' ? document !== undefined && decideStop(document, world.now()) === 'end' : act !== 'delete';
  return act.startsWith('enqueue') && jobs.some(({ phase }) => phase === 'gated');
}

function isStarted(state: Parameters<typeof isLive>[0]): boolean {
  return isLive(state) && state !== 'PENDING';
}

/** Removes entries on the page of the scheduler queue, which also dequeues their tasks. */
export function removeParked(choose: (parked: readonly unknown[], dice: Random) => readonly number[]): Injector {
  return async ({ world, ends, dice }) => {
    const { server, invariants } = world;
    const parked = server.store.queues.get(SCHEDULER_QUEUE)?.entries ?? [];
    if (parked.length === 0) return undefined;
    const removed: string[] = [];
    for (const index of choose(parked, dice)) {
      const task = parked[index]?.task ?? '';
      const before = server.store.tasks.get(task);
      const body = { queue: SCHEDULER_QUEUE, task, update_task_status: true };
      const isRefused = await server.call('queues.remove_task', body).then(() => false, refused);
      if (isRefused || before === undefined) continue;
      invariants.userActed(task, 'remove', server.store);
      ends.removed(task, before);
      world.note('user', `removes ${named(task)} from the scheduler queue`);
      removed.push(named(task));
    }
    return removed.length === 0 ? undefined : removed.join(', ');
  };
}

function refused(error: unknown): true {
  if (error instanceof ApiError) return true;
  throw error;
}
