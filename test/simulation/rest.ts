// Rest: nothing waits, runs or is left over anywhere, as seen on the server and in Slurm.
import { isLive } from '../../src/slurm/job-state.ts';
import type { World } from './world.ts';
import { named } from './oracle/expected-ends.ts';

/** No task waits or runs, no entry and no job is left. */
export function isAtRest({ tasks, server, cluster, otherAgent: peer }: World): boolean {
  if (!peer.isIdle()) return false;
  if (server.store.queues.all().some(({ entries }) => entries.length > 0)) return false;
  if (cluster.jobs.some((job) => job.isInFlight || (isLive(job.state) && !job.isForgotten))) return false;
  return tasks.every((id) => !['queued', 'in_progress'].includes(server.store.tasks.get(id)?.status ?? ''));
}

/** What is left, and of which task. */
export function describeLeft({ tasks, server, cluster }: World): { task: string; says: string }[] {
  const left: { task: string; says: string }[] = [];
  for (const task of tasks) {
    const status = server.store.tasks.get(task)?.status ?? 'gone';
    const queues = server.store.queues.all().filter(({ entries }) => entries.some((entry) => entry.task === task));
    const jobs = cluster.jobs.filter((job) => job.task === task && isLive(job.state) && !job.isForgotten);
    if (!['queued', 'in_progress'].includes(status) && queues.length === 0 && jobs.length === 0) continue;
    const where = queues.map(({ name }) => name).join(', ') || 'no queue';
    const has = jobs.map(({ id, state }) => `job ${id} ${state}`).join(', ') || 'no job';
    left.push({ task, says: `${named(task)} comes to no end: it is ${status}, in ${where}, with ${has}` });
  }
  return left;
}
