// The scheduler of the stand-in: which job starts where, and why the others wait.
import type { StandInJob } from './job.ts';
import type { StandInSettings } from './settings.ts';

/** The nodes that the job gets, or the reason why it waits. */
export type Placement = { readonly nodes: readonly string[] } | { readonly reason: string };

/** Decides for one waiting job, given those that run; `isBehind` tells that an earlier one waits for nodes. */
export function placeJob(
  job: StandInJob,
  running: readonly StandInJob[],
  settings: StandInSettings,
  now: number,
  isBehind: boolean,
): Placement {
  const partition = settings.partitions.find(({ name }) => name === job.partition);
  if (job.isHeld) return { reason: 'JobHeldUser' };
  if (partition?.state === 'DOWN') return { reason: 'PartitionDown' };
  if (partition?.state === 'INACTIVE') return { reason: 'PartitionInactive' };
  const maxTimeMs = partition?.maxTimeMs ?? null;
  if (maxTimeMs !== null && (job.timeLimitMs ?? 0) > maxTimeMs) return { reason: 'PartitionTimeLimit' };
  if (job.nodeCount > settings.nodeCount) return { reason: 'PartitionConfig' };
  if (job.eligibleAt > now) return { reason: 'BeginTime' };

  const free = nodeNames(settings).filter((node) => freeCpus(node, running, settings) >= cpusPerNode(job));
  if (free.length < job.nodeCount) return { reason: isBehind ? 'Priority' : 'Resources' };
  return { nodes: free.slice(0, job.nodeCount) };
}

export function nodeNames({ nodeCount }: StandInSettings): string[] {
  return Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
}

export function cpusPerNode(job: Pick<StandInJob, 'taskCount' | 'nodeCount' | 'cpusPerTask'>): number {
  return Math.ceil(job.taskCount / job.nodeCount) * job.cpusPerTask;
}

function freeCpus(node: string, running: readonly StandInJob[], settings: StandInSettings): number {
  const used = running.filter((job) => job.nodes.includes(node)).reduce((sum, job) => sum + cpusPerNode(job), 0);
  return settings.cpusPerNode - used;
}
