// Probes a cluster with commands on its host, and the state directory on this machine.
import { systemClock } from '../base/clock.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { ClusterSeen, CommandSeen, ControllerSeen, SharedFolderSeen } from './cluster-checks.ts';
import { known, unavailable, unchecked, type Fact } from './check-result.ts';
import { findHolder, StateDirectoryError } from '../daemon/journal/lock.ts';
import { findDistrustOnHost } from '../transport/path-trust-on-host.ts';
import { CommandNotFoundError } from '../transport/errors.ts';
import type { Transport, CommandResult } from '../transport/transport.ts';
import { SshConfigError } from '../transport/ssh2/find-ssh2-target.ts';
import {
  parseAssociations,
  showAssociationsArgs,
  type Association,
  parsePartitionRights,
  SHOW_PARTITIONS_ARGS,
} from '../slurm/partition-rights.ts';
import { isTransportError, failureMessage } from '../slurm/errors.ts';
import { needsAccount, parseClusterFacts, SHOW_CONFIG_ARGS } from '../slurm/scontrol-show-config.ts';
import { parsePartitions, SINFO_ARGS } from '../slurm/sinfo.ts';
import { createTransport } from '../assembly/create-transport.ts';
import { reachablePartitions, type ReachablePartition } from './reachable-partitions.ts';
import type { App } from '../assembly/app.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { probeUserMap } from './probe-user-map.ts';
import { slurmCommands, withSlurmCommands } from '../assembly/locate-slurm-programs.ts';
import { UntrustedPathError } from '../assembly/refuse-untrusted-files.ts';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { distrustOf } from '../base/path-trust-rule.ts';
import { messageOf } from '../base/error-message.ts';

const TIMEOUT_MS = 30_000;

/** What commands on the cluster print; doctor checks it, and init writes files from it. */
export interface ClusterProbe extends Pick<
  ClusterSeen,
  'connection' | 'aheadMs' | 'commands' | 'controller' | 'sharedFolder'
> {
  readonly partitions: Fact<readonly ReachablePartition[]>;
  readonly accounts: Fact<readonly Association[]>;
}

export async function probeCluster(app: App, cluster: ClusterSettings): Promise<ClusterSeen> {
  const { config, context } = app;
  return {
    name: cluster.name,
    pollIntervalMs: config.settings.slurm.pollIntervalMs,
    ...(await queryCluster(app, cluster)),
    userMap: await probeUserMap(app, cluster),
    stateFolder: await probeStateDir(cluster.stateDir),
    holder: await probeHolder(cluster.stateDir, context.hostName),
  };
}

async function probeHolder(stateDir: string, hostName: string): Promise<ClusterSeen['holder']> {
  try {
    const holder = await findHolder(stateDir, hostName, systemClock.now());
    return known(holder === undefined ? undefined : { ...holder, isHere: holder.host === hostName });
  } catch (error) {
    if (error instanceof StateDirectoryError) return unavailable(error.message.replace(/\.$/, ''));
    throw error;
  }
}

export async function queryCluster({ config, context }: Configured, cluster: ClusterSettings): Promise<ClusterProbe> {
  let host: Transport | undefined;
  try {
    host = withSlurmCommands(await createTransport(cluster, context), config.settings.slurm, cluster);
    const { binaries, trustedGroup } = config.settings.slurm;
    return await queryHost(host, { ...cluster, trustedGroup }, slurmCommands(binaries));
  } catch (error) {
    if (error instanceof UntrustedPathError) return withoutCommands(error.message);
    if (!(error instanceof SshConfigError)) throw error;
    return withoutConnection(error.message);
  } finally {
    await host?.close();
  }
}

function withoutCommands(why: string): ClusterProbe {
  return {
    ...withoutConnection(''),
    connection: unchecked('not checked: the check slurm-commands failed'),
    commands: unavailable(why),
  };
}

function withoutConnection(why: string): ClusterProbe {
  const notChecked = unchecked('not checked: no command can run on the login node');
  return {
    connection: unavailable(why),
    aheadMs: notChecked,
    commands: notChecked,
    controller: notChecked,
    partitions: notChecked,
    accounts: notChecked,
    sharedFolder: notChecked,
  };
}

async function queryHost(
  host: Transport,
  { ssh, sharedDir, trustedGroup }: ClusterSettings & { readonly trustedGroup: string | undefined },
  names: ReturnType<typeof slurmCommands>,
): Promise<ClusterProbe> {
  const clock = await query(host, 'date', ['+%s']);
  if (clock.kind !== 'known') return withoutConnection(clock.kind === 'unavailable' ? clock.why : '');
  const connection = known({ host: host.name, isBySsh: ssh !== undefined, notices: host.notices ?? [] });
  const aheadMs = known(Number(clock.value) * 1000 - Math.floor(systemClock.now() / 1000) * 1000);
  const commands = await attempt(versionsOf(host, [names.sbatch, names.squeue, names.scancel, names.scontrol]));
  const sharedFolder = await querySharedFolder(host, sharedDir, trustedGroup);
  const gathered = { connection, aheadMs, sharedFolder };
  if (commands.kind !== 'known' || commands.value.some(({ version }) => version === undefined)) {
    const notChecked = unchecked('not checked: the Slurm commands are missing');
    return { ...gathered, commands, controller: notChecked, partitions: notChecked, accounts: notChecked };
  }
  const config = await query(host, names.scontrol, SHOW_CONFIG_ARGS);
  if (config.kind !== 'known') {
    const notChecked = unchecked('not checked: the controller does not respond');
    return { ...gathered, commands, controller: config, partitions: notChecked, accounts: notChecked };
  }
  const controller = parseController(config.value);
  const accounting = controller.kind === 'known' && controller.value.hasAccounting;
  const accounts = accounting
    ? await queryAccounts(host, names.sacctmgr, controller.value.clusterName)
    : unchecked('there is no accounting');
  return {
    ...gathered,
    commands: accounting ? known([...commands.value, ...(await versionsOf(host, [names.sacct]))]) : commands,
    controller,
    partitions: await queryPartitions(host, names, { controller, accounts }),
    accounts,
  };
}

async function queryPartitions(
  host: Transport,
  names: ReturnType<typeof slurmCommands>,
  { controller, accounts }: Pick<ClusterProbe, 'controller' | 'accounts'>,
): Promise<Fact<ReachablePartition[]>> {
  const sinfo = await query(host, names.sinfo, SINFO_ARGS);
  if (sinfo.kind !== 'known') return sinfo;
  const rights = await query(host, names.scontrol, SHOW_PARTITIONS_ARGS);
  if (rights.kind !== 'known') return rights;
  const ours = accounts.kind === 'known' ? accounts.value : [];
  // The check of the accounts reports that there are none; the partitions do not repeat it.
  const needsAccount = controller.kind === 'known' && controller.value.needsAccount && ours.length > 0;
  const user = { rights: parsePartitionRights(rights.value), accounts: ours, needsAccount };
  return known(reachablePartitions(parsePartitions(sinfo.value), user));
}

function parseController(text: string): Fact<ControllerSeen> {
  const facts = parseClusterFacts(text);
  if (facts === undefined) return unavailable('scontrol show config printed no settings');
  return known({ ...facts, needsAccount: needsAccount(text) });
}

async function queryAccounts(host: Transport, sacctmgr: string, clusterName: string): Promise<Fact<Association[]>> {
  const user = await query(host, 'id', ['-un']);
  if (user.kind !== 'known') return user;
  const answer = await query(host, sacctmgr, showAssociationsArgs(user.value.trim()));
  if (answer.kind !== 'known') return answer;
  return known(parseAssociations(answer.value).filter(({ cluster }) => cluster === clusterName));
}

async function querySharedFolder(
  host: Transport,
  path: string | undefined,
  trustedGroup: string | undefined,
): Promise<Fact<SharedFolderSeen>> {
  if (path === undefined) return unchecked('not set: each node uses its own clearml.conf and agent');
  const tests = async (flag: string): Promise<Fact<boolean>> => {
    const result = await run(host, 'test', [flag, path]);
    return result.kind === 'known' ? known(result.value.exitCode === 0) : result;
  };
  const isThere = await tests('-d');
  if (isThere.kind !== 'known') return isThere;
  if (!isThere.value) return known({ path, state: 'missing' });
  const isWritable = await tests('-w');
  if (isWritable.kind !== 'known') return isWritable;
  const distrust = await findDistrustOnHost(host, path, trustedGroup);
  return known({ path, state: isWritable.value ? 'writable' : 'not writable', distrust });
}

/** A missing command has no version. */
async function versionsOf(host: Transport, programs: readonly string[]): Promise<CommandSeen[]> {
  const seen: CommandSeen[] = [];
  for (const program of programs) seen.push({ program, version: await versionOf(host, program) });
  return seen;
}

async function versionOf(host: Transport, program: string): Promise<string | undefined> {
  try {
    const { stdout } = await host.run({ program, args: ['--version'], timeoutMs: TIMEOUT_MS });
    return stdout.trim().replace(/^slurm(?:-wlm)? /, '') || 'unknown version';
  } catch (error) {
    if (error instanceof CommandNotFoundError) return undefined;
    throw error;
  }
}

/** Its output, or why it failed. */
async function query(host: Transport, program: string, args: readonly string[]): Promise<Fact<string>> {
  const result = await run(host, program, args);
  if (result.kind !== 'known') return result;
  return result.value.exitCode === 0 ? known(result.value.stdout) : unavailable(failureMessage(program, result.value));
}

function run(host: Transport, program: string, args: readonly string[]): Promise<Fact<CommandResult>> {
  return attempt(host.run({ program, args, timeoutMs: TIMEOUT_MS }));
}

/** Unavailable if a command could not run. */
async function attempt<Value>(running: Promise<Value>): Promise<Fact<Value>> {
  try {
    return known(await running);
  } catch (error) {
    if (isTransportError(error)) return unavailable(error.message);
    throw error;
  }
}

/** The daemon creates a missing directory; then its nearest existing parent is probed. */
async function probeStateDir(folder: string): Promise<Fact<string>> {
  const place = nearestFolder(folder);
  try {
    const why = distrustOf(folder);
    if (why !== undefined) return unavailable(`${folder} is refused because other users can change it: ${why}`);
    // Access rights do not tell for root or on a full disk: only writing does.
    const file = join(place, `.clearml-agent-slurm-doctor-${process.pid}`);
    await writeFile(file, 'x', { flag: 'wx', mode: 0o600 });
    await rm(file);
  } catch (error) {
    return unavailable(`${folder} cannot be used: ${messageOf(error)}`);
  }
  return known(place === folder ? folder : `${folder} (will be created)`);
}

function nearestFolder(folder: string): string {
  const above = dirname(folder);
  return existsSync(folder) || above === folder ? folder : nearestFolder(above);
}
