// Starts a real Slurm on this machine for the demo, after its installation if that is possible and permitted.
import { startSlurmCluster } from '../../test/support/slurm-cluster.ts';
import type { Attempt } from './cluster.ts';
import { errorLine } from './error-line.ts';
import type { Installer } from './installer.ts';

const DAEMONS = ['slurmctld', 'slurmd', 'sbatch', 'munged'];

/** Its daemons listen on loopback. */
export async function ownCluster(whyNotExisting: string, installer: Installer): Promise<Attempt> {
  const missing = await installer.install(DAEMONS);
  if (missing !== undefined) return missing;
  try {
    const cluster = await startSlurmCluster();
    const version = (await cluster.run('sinfo', '--version')).trim();
    return {
      says: `real: ${cluster.nodes.length} local nodes on this machine (${version}), because ${whyNotExisting}`,
      env: cluster.env,
      isElsewhere: false,
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
  } catch (error) {
    return `Slurm's daemons did not start: ${errorLine(String(error))}`;
  }
}
