// What a file that keeps the daemon running needs to know of this place.
import { dirname } from 'node:path';
import type { ClusterSettings } from '../config/clusters.ts';
import type { Surroundings } from './command.ts';
import type { Site } from './unit-files.ts';

/** What a service manager, cron or a job would not have as it is here. */
const VARIABLES = ['PATH', 'SLURM_CONF', 'CLEARML_CONFIG_FILE'];

/** @param command the daemon's own, Node first */
export function unitSite(
  command: readonly string[],
  { environment, workingDir }: Pick<Surroundings, 'environment' | 'workingDir'>,
  [cluster]: readonly ClusterSettings[],
): Site {
  const variables = VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const stateDir = cluster?.name === undefined ? (cluster?.stateDir ?? '') : dirname(cluster.stateDir);
  return { command, workingDir, variables: Object.fromEntries(variables), stateDir };
}
