// What the job scripts and the jobs' workers are called and told, from the configuration.
import { plainTree } from '../config/config-node.ts';
import { jobConfig } from '../config/job-config.ts';
import { withoutSecrets } from '../config/secret-values.ts';
import type { JobSettings } from '../glue/glue.ts';
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

/** The name under which the daemon shows as a worker. */
export function workerName({ config, around }: Configured): string {
  const { workerId, workerName: name } = config.settings;
  return workerId ?? `${name ?? around.hostName}:slurm`;
}
