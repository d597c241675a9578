// What the job scripts and the jobs' workers are called and told, from the configuration.
import { createHash } from 'node:crypto';
import type { ClusterSettings } from '../../config/clusters.ts';
import { plainTree } from '../../config/config-node.ts';
import { jobConfig } from '../../config/job-config.ts';
import { withoutSecrets } from '../../config/secret-values.ts';
import type { JobSettings } from '../deps.ts';
import { ONE_TASK_MARK } from '../poll/peers.ts';
import { MARK_LENGTH } from '../../slurm/job-name.ts';
import type { Configured } from '../../assembly/read-config.ts';

/** What the job scripts are told. */
export function jobSettings({ config }: Configured, cluster: ClusterSettings, apiServer: string): JobSettings {
  return {
    sharedDir: cluster.sharedDir,
    trustedGroup: config.settings.slurm.trustedGroup,
    python: cluster.python,
    agentVersion: config.settings.slurm.agentVersion,
    apiServer,
    serverWaitSec: config.settings.slurm.grace.serverMs / 1000,
    containers: config.settings.containers,
    singularityMode: config.settings.slurm.singularityMode,
    startsBySrun: config.settings.slurm.srunDelegation,
    jobConf: jobConfig(config.root),
    publicConfig: plainTree(withoutSecrets(config.root)),
  };
}

/** Distinguishes the daemon's jobs from those of its peers: the same at each start with this state directory on this machine. */
export function daemonMark(here: Configured, { stateDir }: ClusterSettings): string {
  return markOf(here, stateDir).replace(OF_ONE_TASK, 'y');
}

/** The same for a process that brings one task to Slurm, whose state folder is the task's own. */
export function oneTaskMark(here: Configured, stateDir: string): string {
  return markOf(here, stateDir).replace(/^./, ONE_TASK_MARK);
}

const OF_ONE_TASK = new RegExp(`^${ONE_TASK_MARK}`);

function markOf({ context }: Configured, stateDir: string): string {
  const place = [context.hostName, context.homeDir, stateDir].join('\n');
  const hash = createHash('sha256').update(place).digest().readBigUInt64BE();
  return hash.toString(36).slice(-MARK_LENGTH).padStart(MARK_LENGTH, '0');
}

/** The name under which the daemon shows as a worker; each cluster with a name has its own, as job ids are those of one cluster. */
export function workerName({ config, context }: Configured, cluster: ClusterSettings): string {
  const { workerId, workerName: name } = config.settings;
  const worker = workerId ?? `${name ?? context.hostName}:slurm`;
  return cluster.name === undefined ? worker : `${worker}:${cluster.name}`;
}
