// Opens the transport and the scheduler of a cluster.
import { randomBytes } from 'node:crypto';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Logger } from '../log/logger.ts';
import { createCommandLineScheduler } from '../slurm/run-slurm-commands.ts';
import type { Scheduler } from '../slurm/scheduler.ts';
import type { Transport } from '../transport/transport.ts';
import { createTransport } from './create-transport.ts';
import type { Configured } from './load-trusted-config.ts';
import { slurmCommands, withSlurmCommands } from './locate-slurm-programs.ts';

/** The transport and scheduler of a cluster; nothing has run yet. */
export interface ClusterSide {
  readonly host: Transport;
  readonly scheduler: Scheduler;
}

/** @throws SshConfigError */
export async function openCluster(
  { config, context }: Configured,
  cluster: ClusterSettings,
  log: Logger,
): Promise<ClusterSide> {
  const { binaries, sbatchTimeoutMs, commandTimeoutMs } = config.settings.slurm;
  const host = withSlurmCommands(await createTransport(cluster, context), config.settings.slurm, cluster);
  const scheduler = createCommandLineScheduler({
    host,
    sbatchTimeoutMs,
    commandTimeoutMs,
    commands: slurmCommands(binaries),
    log,
    randomToken,
  });
  return { host, scheduler };
}

/** About twelve lowercase letters and digits. */
export function randomToken(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36);
}
