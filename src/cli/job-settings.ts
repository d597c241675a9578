// What the job scripts and the jobs' workers are called and told, from the configuration.
import { createHash } from 'node:crypto';
import { plainTree } from '../config/config-node.ts';
import { jobConfig } from '../config/job-config.ts';
import { withoutSecrets } from '../config/secret-values.ts';
import type { JobSettings } from '../glue/glue.ts';
import { MARK_LENGTH } from '../slurm/job-name.ts';
import type { Configured } from './read-config.ts';

/** What the job scripts are told. */
export function jobSettings({ config }: Configured, apiServer: string): JobSettings {
  const { sharedDir, python, agentVersion } = config.settings.slurm;
  return {
    sharedDir,
    python,
    agentVersion,
    apiServer,
    jobConf: jobConfig(config.root),
    publicConfig: plainTree(withoutSecrets(config.root)),
  };
}

/** By which the daemon's jobs are told from those of its neighbours: the same each time it is started with this state folder here. */
export function daemonMark({ config, around }: Configured): string {
  const place = [around.hostName, around.homeDir, config.settings.slurm.stateDir].join('\n');
  const hash = createHash('sha256').update(place).digest().readBigUInt64BE();
  return hash.toString(36).slice(-MARK_LENGTH).padStart(MARK_LENGTH, '0');
}

/** The name under which the daemon shows as a worker. */
export function workerName({ config, around }: Configured): string {
  const { workerId, workerName: name } = config.settings;
  return workerId ?? `${name ?? around.hostName}:slurm`;
}
