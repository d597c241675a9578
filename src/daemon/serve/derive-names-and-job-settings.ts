// Derives from the configuration the settings of job scripts, and the names of workers and jobs.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TaskId } from '../../clearml/ids.ts';
import type { ClusterSettings } from '../../config/cluster-settings.ts';
import { plainTree } from '../../config/config-tree.ts';
import { jobConfig } from '../../config/generate-job-conf.ts';
import type { Config } from '../../config/load-config.ts';
import { withoutSecrets } from '../../config/redact-secret-settings.ts';
import type { JobSettings } from '../deps.ts';
import { ONE_TASK_MARK } from '../poll/peers.ts';
import { MARK_LENGTH } from '../../slurm/job-name.ts';
import type { Configured } from '../../assembly/load-trusted-config.ts';

/** The settings of job scripts. */
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
    publicConfig: publicConfig(config),
  };
}

/** The configuration without secrets, for `${CLEARML_CONFIG.…}`. */
export function publicConfig({ root }: Config): Readonly<Record<string, unknown>> {
  return plainTree(withoutSecrets(root));
}

/** Distinguishes the daemon's jobs from those of its peers: the same at each start with this state directory on this machine. */
export function daemonMark(here: Configured, { stateDir }: ClusterSettings): string {
  return markOf(here, stateDir).replace(OF_ONE_TASK, 'y');
}

/** The state directory of a process that runs one task. */
export function oneTaskStateDir({ stateDir }: Pick<ClusterSettings, 'stateDir'>, task: TaskId): string {
  return join(stateDir, 'execute', task);
}

/** The mark of a process that runs one task, with the state directory of that task. */
export function oneTaskMark(here: Configured, stateDir: string): string {
  return markOf(here, stateDir).replace(/^./, ONE_TASK_MARK);
}

const OF_ONE_TASK = new RegExp(`^${ONE_TASK_MARK}`);

function markOf({ context }: Configured, stateDir: string): string {
  const identity = [context.hostName, context.homeDir, stateDir].join('\n');
  const hash = createHash('sha256').update(identity).digest().readBigUInt64BE();
  return hash.toString(36).slice(-MARK_LENGTH).padStart(MARK_LENGTH, '0');
}

/** The worker id of the daemon. Each named cluster has its own, because job ids are unique only within a cluster. */
export function workerName({ config, context }: Configured, cluster: ClusterSettings): string {
  const { workerId, workerName: name } = config.settings;
  const worker = workerId ?? `${name ?? context.hostName}:slurm`;
  return cluster.name === undefined ? worker : `${worker}:${cluster.name}`;
}
