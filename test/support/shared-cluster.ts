// The one Slurm cluster that all tests of a run share: started when the first of them needs it, stopped after the last.
import { startSlurmCluster, type SlurmCluster } from './slurm-cluster.ts';

/** What a test may do with a cluster that others use too: submit, look, cancel its own jobs. Who breaks one starts his own. */
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
