// The Slurm cluster that all tests of a run share: starts on first use, and stops after the last test.
import { startSlurmCluster, type SlurmCluster } from './slurm-cluster.ts';

/** The shared cluster: a test may submit, list, and cancel its own jobs. A test that breaks a cluster starts a separate one. */
export type SharedCluster = Pick<SlurmCluster, 'slurmConf' | 'binDir' | 'env' | 'nodes' | 'run'>;

let running: Promise<SlurmCluster> | undefined;

/** Starts it on the first call. Say `before(requireSlurm)` first, so that the test is left out where there is no Slurm. */
export function sharedCluster(): Promise<SharedCluster> {
  running ??= startSlurmCluster();
  return running;
}

/** Called by mocha after the whole run. */
export async function mochaGlobalTeardown(): Promise<void> {
  const cluster = await running?.catch(() => undefined);
  await cluster?.stop();
}
