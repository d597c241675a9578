// The clusters to serve, each with its own settings and those it shares with the others. Pure.
import { join } from 'node:path';
import type { Limits } from '../base/job-limits.ts';
import { ConfigError } from './errors.ts';
import type { Origin } from './config-tree.ts';
import { limitsOf, type OriginOf, type Slurm } from './served-queues.ts';
import { joinPath } from './dotted-names.ts';

type Cluster = Slurm['clusters'][string];

/** How commands reach a login node. */
export interface SshSettings {
  readonly provider: 'ssh2' | 'openssh';
  /** As `ssh` knows it. */
  readonly host: string;
  /** undefined, here and below: from `~/.ssh/config`. */
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly identityFiles: readonly string[] | undefined;
  /** Each `[user@]host[:port]`, nearest first. */
  readonly jumps: readonly string[] | undefined;
  readonly hostKeys: string | undefined;
  readonly channels: number;
  readonly passwordFrom: { readonly file: string } | { readonly command: readonly string[] } | undefined;
}

export interface ClusterSettings {
  /** undefined for the only cluster, if it has no name. */
  readonly name: string | undefined;
  /** undefined: Slurm's commands run on this machine. */
  readonly ssh: SshSettings | undefined;
  readonly stateDir: string;
  readonly schedulerQueue: string;
  readonly slurmBinDir: string | undefined;
  readonly slurmConf: string | undefined;
  readonly sharedDir: string | undefined;
  readonly python: string | undefined;
  /** Only if there are any. */
  readonly limits?: Limits;
}

/**
 * All configured clusters, or the selected one. A cluster without queues is included: its jobs are tracked until they end.
 * @throws ConfigError if the settings of a connection contradict each other
 */
export function servedClusters(slurm: Slurm, stateDir: string, originOf: OriginOf): ClusterSettings[] {
  // The variable is meant for the Slurm of this machine.
  const isOfThisMachine = originOf('slurm_conf').kind === 'variable';
  const withShared = (
    cluster: Partial<Cluster>,
    own: Pick<ClusterSettings, 'name' | 'ssh' | 'stateDir' | 'schedulerQueue'>,
  ): ClusterSettings => ({
    ...own,
    slurmBinDir: cluster.slurm_bin_dir ?? slurm.slurm_bin_dir,
    slurmConf: cluster.slurm_conf ?? (own.ssh !== undefined && isOfThisMachine ? undefined : slurm.slurm_conf),
    sharedDir: cluster.shared_dir ?? slurm.shared_dir,
    python: cluster.python ?? slurm.python,
    ...limitsOf(cluster, slurm),
  });
  const all = Object.entries(slurm.clusters);
  const schedulerQueue = slurm.scheduler_queue;
  if (all.length === 0) return [withShared({}, { name: undefined, ssh: undefined, stateDir, schedulerQueue })];
  return all
    .filter(([name]) => slurm.cluster === undefined || slurm.cluster === name)
    .map(([name, cluster]) =>
      withShared(cluster, {
        name,
        ssh: sshOf(cluster, joinPath(['agent', 'slurm', 'clusters', name]), (key) => originOf('clusters', name, key)),
        stateDir: join(stateDir, name),
        schedulerQueue: `${schedulerQueue}.${name}`,
      }),
    );
}

function sshOf(cluster: Cluster, path: string, originOf: (key: string) => Origin): SshSettings | undefined {
  const { host, provider } = cluster;
  const isHere = host === undefined || host === 'localhost';
  if (isHere && (provider === 'ssh2' || provider === 'openssh')) {
    const why = host === undefined ? 'there is no host' : 'localhost is reached without SSH';
    throw new ConfigError(`${path}.provider is ${provider}, but ${why}: set ${path}.host`, originOf('provider'));
  }
  if (!isHere && provider === 'local')
    throw new ConfigError(
      `${path}.provider is local, but ${path}.host is ${host}: remove one of the two settings`,
      originOf('provider'),
    );
  if (isHere || provider === 'local') return undefined;

  const { password_file: file, password_command: command } = cluster;
  if (file !== undefined && command !== undefined)
    throw new ConfigError(
      `${path} has both password_file and password_command: remove one of the two settings`,
      originOf('password_file'),
    );
  if (provider === 'openssh' && cluster.host_keys?.startsWith('SHA256:') === true) {
    throw new ConfigError(
      `${path}.host_keys is a fingerprint, which openssh does not support: add the key to your known_hosts file instead`,
      originOf('host_keys'),
    );
  }
  if (provider === 'openssh' && (file !== undefined || command !== undefined)) {
    const key = file === undefined ? 'password_command' : 'password_file';
    throw new ConfigError(
      `${path}.${key} has no effect with openssh, which uses a connection that you open: remove the setting`,
      originOf(key),
    );
  }
  return {
    provider: provider ?? 'ssh2',
    host,
    user: cluster.user,
    port: cluster.port,
    identityFiles: listOf(cluster.identity_file),
    jumps: listOf(cluster.jump),
    hostKeys: cluster.host_keys,
    channels: cluster.channels,
    passwordFrom: file !== undefined ? { file } : command !== undefined ? { command } : undefined,
  };
}

function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : value;
}
