// The settings `max_jobs`, `max_waiting_jobs`, `max_jobs_per_user`, `max_nodes` and `max_gpus`: of `agent.slurm`, of a cluster and of a queue.
import * as z from 'zod';

export type LimitSetting = 'max_jobs' | 'max_waiting_jobs' | 'max_jobs_per_user' | 'max_nodes' | 'max_gpus';

const limit = z.int().min(1, 'must be at least 1').optional();

type Limits = Record<LimitSetting, typeof limit>;

/** Those of `agent.slurm`, which apply to each cluster. */
export const limits: Limits = {
  max_jobs: limit.describe('The most jobs of a cluster that may wait or run at the same time. Default: no limit.'),
  max_waiting_jobs: limit.describe(
    'The most jobs of a cluster that may wait in Slurm. Set it so that later tasks of higher priority do not queue behind many jobs. Default: no limit.',
  ),
  max_jobs_per_user: limit.describe(
    'The most jobs of a cluster that may wait or run for one ClearML user, the owner of the tasks. Default: no limit.',
  ),
  max_nodes: limit.describe(
    'The most nodes that the jobs of a cluster, waiting and running, may have in total. The last claimed task may exceed the limit. Default: no limit.',
  ),
  max_gpus: limit.describe(
    'The most GPUs that the jobs of a cluster, waiting and running, may have in total. The last claimed task may exceed the limit. Default: no limit.',
  ),
};

/** They replace those of `agent.slurm`. */
export const limitsOfCluster: Limits = limitsWith((name) => `Replaces \`${name}\` for this cluster.`);

/** They apply in addition to those of the cluster. */
export const limitsOfQueue: Limits = limitsWith((name) => `As \`${name}\`, for this queue.`);

function limitsWith(meaning: (name: LimitSetting) => string): Limits {
  const like = (name: LimitSetting): typeof limit => limit.describe(meaning(name));
  return {
    max_jobs: like('max_jobs'),
    max_waiting_jobs: like('max_waiting_jobs'),
    max_jobs_per_user: like('max_jobs_per_user'),
    max_nodes: like('max_nodes'),
    max_gpus: like('max_gpus'),
  };
}
