// Where the programs of `lint` run.
import { createLocalHost } from '../host/local.ts';
import type { Configured } from './read-config.ts';
import type { Checkers } from './lint-checkers.ts';

/** Close them when all is checked. */
export function makeCheckers({ config, around }: Configured): Checkers & { close(): Promise<void> } {
  const { environment, homeDir, workingDir } = around;
  const slurmConf = environment['SLURM_CONF'];
  const here = createLocalHost({
    path: environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    home: homeDir,
    user: environment['USER'] ?? environment['LOGNAME'] ?? '',
    workingDirectory: workingDir,
    variables: slurmConf === undefined ? {} : { SLURM_CONF: slurmConf },
  });
  return { here, cluster: here, sbatch: config.settings.slurm.binaries.batchBinary, close: () => here.close() };
}
