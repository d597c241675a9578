// Where the programs of `lint` run: bash and shellcheck on this machine, sbatch where Slurm is.
import type { Transport } from '../transport/transport.ts';
import type { Checkers } from './check-with-programs.ts';
import { createTransport } from '../assembly/create-transport.ts';
import type { Configured } from '../assembly/read-config.ts';
import { withSlurmCommands } from '../assembly/slurm-commands.ts';

export interface AllCheckers {
  /** For templates of the cluster of this name, or of the first one. @throws SshConfigError */
  of(cluster: string | undefined): Promise<Checkers>;
  close(): Promise<void>;
}

export async function createCheckers({ config, context }: Configured): Promise<AllCheckers> {
  const { clusters, slurm } = config.settings;
  const [first] = clusters;
  if (first === undefined) throw new RangeError('a configuration has at least one cluster');
  const here = await createTransport({ ...first, ssh: undefined, slurmBinDir: undefined }, context);
  const hosts = new Map<string | undefined, Transport>();

  return {
    async of(name) {
      const cluster = clusters.find((one) => one.name === name) ?? first;
      const host =
        hosts.get(cluster.name) ?? withSlurmCommands(await createTransport(cluster, context), slurm, cluster);
      hosts.set(cluster.name, host);
      return { here, cluster: host, sbatch: slurm.binaries.batchBinary };
    },
    async close() {
      await Promise.all([here, ...hosts.values()].map((host) => host.close()));
    },
  };
}
