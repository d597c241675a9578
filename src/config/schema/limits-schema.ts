// The settings `max_jobs`, `max_waiting_jobs`, `max_jobs_per_user`, `max_nodes` and `max_gpus`: of `agent.slurm`, of a cluster and of a queue.
import * as z from 'zod';

export type LimitSetting = 'max_jobs' | 'max_waiting_jobs' | 'max_jobs_per_user' | 'max_nodes' | 'max_gpus';

const limit = z.int().min(1, 'must be at least 1').optional();

/**
 * The limits of the jobs of a cluster or queue.
 * @param where "of this queue"
 * @param more what follows each description
 */
export function limitShape(where: string, more: string): Record<LimitSetting, typeof limit> {
  return {
    max_jobs: limit.describe(
      `The maximum number of jobs ${where} that may wait or run at the same time. Further tasks keep their place in their queue, and their status message says why they wait.${more}`,
    ),
    max_waiting_jobs: limit.describe(
      `The maximum number of jobs ${where} that may wait in Slurm. Set it so that later tasks of higher priority do not queue behind many jobs.${more}`,
    ),
    max_jobs_per_user: limit.describe(
      `The maximum number of jobs ${where} that may wait or run for one ClearML user, the owner of the tasks. For a user who has this many, the daemon claims no more tasks.${more}`,
    ),
    max_nodes: limit.describe(
      `The daemon claims no task while the jobs ${where}, waiting and running, have this many nodes or more in total. The last claimed task can take the total above the limit.${more}`,
    ),
    max_gpus: limit.describe(
      `The daemon claims no task while the jobs ${where}, waiting and running, have this many GPUs or more in total. The last claimed task can take the total above the limit.${more}`,
    ),
  };
}
