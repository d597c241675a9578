// Opens the transport and the scheduler of a cluster.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Logger } from '../log/logger.ts';
import { rateLimitedLog } from '../log/rate-limited-log.ts';
import { isTransportError, SlurmUnavailableError } from '../slurm/errors.ts';
import { createCommandLineScheduler } from '../slurm/run-slurm-commands.ts';
import type { Scheduler } from '../slurm/scheduler.ts';
import { HostUnreachableError } from '../transport/errors.ts';
import { SshConfigError } from '../transport/ssh2/find-ssh2-target.ts';
import type { Transport } from '../transport/transport.ts';
import { createTransport } from './create-transport.ts';
import type { Configured } from './load-trusted-config.ts';
import { slurmCommands, withSlurmCommands } from './locate-slurm-programs.ts';
import { UntrustedPathError } from './refuse-untrusted-files.ts';

/** The transport and scheduler of a cluster; nothing has run yet. */
export interface ClusterSide {
  readonly host: Transport;
  readonly scheduler: Scheduler;
}

/** @throws SshConfigError */
export async function openCluster(configured: Configured, cluster: ClusterSettings, log: Logger): Promise<ClusterSide> {
  return withScheduler(await openHost(configured, cluster), configured, log);
}

/** Whether the error is about one cluster, which is unreachable or has invalid settings: another cluster may have what is wanted. */
export function isOfCluster(error: unknown): error is Error {
  return (
    error instanceof SlurmUnavailableError ||
    error instanceof SshConfigError ||
    error instanceof UntrustedPathError ||
    isTransportError(error)
  );
}

/**
 * The same for a command that shows several clusters: a cluster that cannot be used is one whose host is unreachable, and the message
 * says why.
 */
export async function openClusterToShow(
  configured: Configured,
  cluster: ClusterSettings,
  log: Logger,
): Promise<ClusterSide> {
  const host = await openHost(configured, cluster).catch((error: unknown) =>
    unusableHost(cluster, whyUnreachable(error)),
  );
  const run: Transport['run'] = (command) =>
    host.run(command).catch((error: unknown) => {
      throw whyUnreachable(error);
    });
  return withScheduler({ ...host, run }, configured, log);
}

function unusableHost({ ssh }: ClusterSettings, error: Error): Transport {
  return { name: ssh?.host ?? 'this machine', run: () => Promise.reject(error), close: () => Promise.resolve() };
}

/** @throws any other error */
function whyUnreachable(error: unknown): Error {
  if (error instanceof SshConfigError || error instanceof UntrustedPathError)
    return new HostUnreachableError(error.message.replace(/\.$/, ''), { cause: error });
  if (isTransportError(error)) return error;
  throw error;
}

/** @throws SshConfigError */
async function openHost({ config, context }: Configured, cluster: ClusterSettings): Promise<Transport> {
  return withSlurmCommands(await createTransport(cluster, context), config.settings.slurm, cluster);
}

function withScheduler(host: Transport, { config }: Configured, log: Logger): ClusterSide {
  const { binaries, sbatchTimeoutMs, commandTimeoutMs } = config.settings.slurm;
  const scheduler = createCommandLineScheduler({
    host,
    sbatchTimeoutMs,
    commandTimeoutMs,
    commands: slurmCommands(binaries),
    log: rateLimitedLog(log, systemClock),
    randomToken,
  });
  return { host, scheduler };
}

/** About twelve lowercase letters and digits. */
export function randomToken(): string {
  return BigInt(`0x${randomBytes(8).toString('hex')}`).toString(36);
}
