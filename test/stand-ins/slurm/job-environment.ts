// The environment of a job: the submitter's variables and those of Slurm (sbatch(1), OUTPUT ENVIRONMENT VARIABLES).
import { hostname } from 'node:os';
import { type StandInJob } from './job.ts';
import { formatNodes } from './node-list.ts';

export function jobEnvironment(
  job: StandInJob,
  submitted: Readonly<Record<string, string>>,
  clusterName: string,
): Record<string, string> {
  const id = String(job.id);
  const nodes = formatNodes(job.nodes);
  const perNode = Math.ceil(job.taskCount / job.nodeCount);
  return {
    ...submitted,
    ENVIRONMENT: 'BATCH',
    SLURM_CLUSTER_NAME: clusterName,
    SLURM_CPUS_ON_NODE: String(perNode * job.cpusPerTask),
    SLURM_CPUS_PER_TASK: String(job.cpusPerTask),
    SLURM_GTIDS: '0',
    SLURM_JOBID: id,
    SLURM_JOB_ID: id,
    SLURM_JOB_NAME: job.name,
    SLURM_JOB_NODELIST: nodes,
    SLURM_JOB_NUM_NODES: String(job.nodeCount),
    SLURM_JOB_PARTITION: job.partition,
    ...(job.startedAt === null ? {} : { SLURM_JOB_START_TIME: String(Math.floor(job.startedAt / 1000)) }),
    SLURM_JOB_UID: String(process.getuid?.() ?? ''),
    SLURM_JOB_USER: job.user,
    SLURM_LOCALID: '0',
    SLURM_NNODES: String(job.nodeCount),
    SLURM_NODEID: '0',
    SLURM_NODELIST: nodes,
    SLURM_NPROCS: String(job.taskCount),
    SLURM_NTASKS: String(job.taskCount),
    SLURM_PROCID: '0',
    ...(job.restarts > 0 ? { SLURM_RESTART_COUNT: String(job.restarts) } : {}),
    SLURM_SUBMIT_DIR: job.workDir,
    SLURM_SUBMIT_HOST: hostname(),
    SLURM_TASKS_PER_NODE: job.nodeCount > 1 ? `${perNode}(x${job.nodeCount})` : String(perNode),
    SLURMD_NODENAME: job.nodes[0] ?? '',
  };
}
