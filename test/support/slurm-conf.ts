// Generates the configuration of the private Slurm cluster: all nodes on loopback, with adjustable values.
import { SLURM_RELEASES, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { accountingLines } from './slurm-accounting.ts';

/** What a test may choose. Slurm takes whole seconds: shorter times are rounded up. */
export interface ClusterSettings {
  /** Which release of Slurm; undefined: the machine's own, or the one that the environment names. */
  readonly version: SlurmVersion | undefined;
  /** What `scontrol show config` calls ClusterName. */
  readonly clusterName: string;
  readonly nodeCount: number;
  /** Claimed, not real: a two-core machine runs as many jobs at once as this allows. */
  readonly cpusPerNode: number;
  readonly memoryMbPerNode: number;
  /** Claimed as well: counted and given to jobs, but no device is there. So many of each type. */
  readonly gpusPerNode: number;
  readonly gpuTypes: readonly string[];
  readonly maxJobCount: number;
  /** How long an ended job stays visible to squeue. */
  readonly minJobAgeMs: number;
  /** Between SIGTERM and SIGKILL when a job is ended. */
  readonly killWaitMs: number;
  /** How long Slurm's commands wait for the controller before they say "Socket timed out". */
  readonly messageTimeoutMs: number;
  /** How long a silent node is waited for before it is called down. */
  readonly slurmdTimeoutMs: number;
  /** Whether jobs are recorded, and bound to accounts and QOS: those of slurm-accounting.ts. */
  readonly hasAccounting: boolean;
  /** Whether a job is killed that takes more memory than it asked for; by the machine's cgroups, so that it needs root. */
  readonly limitsMemory: boolean;
  /** Further lines of slurm.conf, at its end. */
  readonly extraLines: readonly string[];
}

/** For tests that name no release themselves, such as those of the workflows. */
const RELEASE_VARIABLE = 'CLEARML_TEST_SLURM';

export const ordinarySettings: ClusterSettings = {
  version: releaseOfRun(process.env[RELEASE_VARIABLE]),
  clusterName: 'loopback',
  nodeCount: 4,
  cpusPerNode: 16,
  memoryMbPerNode: 16_384,
  gpusPerNode: 0,
  gpuTypes: ['a100'],
  maxJobCount: 10_000,
  minJobAgeMs: 300_000,
  // As in Slurm itself: an agent that reports the end of its task may take seconds on a busy machine.
  killWaitMs: 30_000,
  messageTimeoutMs: 10_000,
  slurmdTimeoutMs: 60_000,
  hasAccounting: false,
  limitsMemory: false,
  extraLines: [],
};

/** @throws RangeError if no test runs on this release */
function releaseOfRun(wanted: string | undefined): SlurmVersion | undefined {
  if (wanted === undefined || wanted === '') return undefined;
  const release = SLURM_RELEASES.find(({ version }) => version === wanted);
  if (release !== undefined) return release.version;
  const known = SLURM_RELEASES.map(({ version }) => version).join(', ');
  throw new RangeError(`${RELEASE_VARIABLE} is ${wanted}, and the tests run on ${known}.`);
}

/** Where this cluster lives on the machine. */
export interface ClusterAddresses {
  readonly folder: string;
  /** The machine's short name: slurmctld refuses to run on a machine that its configuration does not name. */
  readonly hostName: string;
  /** Whether that name is 127.0.0.1: then slurmd can listen there only, for what it listens on is the machine's name. */
  readonly isHostOnLoopback: boolean;
  readonly userName: string;
  readonly controllerPort: number;
  /** Where slurmdbd listens, if there is one. */
  readonly accountingPort: number;
  /** One for each node. */
  readonly nodePorts: readonly number[];
}

/** `n1`, `n2`, … */
export function nodeNames(nodeCount: number): string[] {
  return Array.from({ length: nodeCount }, (_, index) => `n${String(index + 1)}`);
}

/**
 * The text of slurm.conf (slurm.conf(5)).
 * `config_overrides` makes Slurm believe the claimed CPUs; `proctrack/linuxproc` and `task/none` need no cgroups;
 * the scheduler's intervals are short because tests wait for it.
 */
export function slurmConf(settings: ClusterSettings, addresses: ClusterAddresses): string {
  const { folder, hostName, userName } = addresses;
  const nodes = nodeNames(settings.nodeCount);
  return [
    '# A private cluster of the tests: everything in it may be thrown away.',
    `ClusterName=${settings.clusterName}`,
    `SlurmctldHost=${hostName}(127.0.0.1)`,
    `SlurmctldPort=${String(addresses.controllerPort)}`,
    `SlurmUser=${userName}`,
    `SlurmdUser=${userName}`,
    'AuthType=auth/munge',
    `CommunicationParameters=${addresses.isHostOnLoopback ? 'NoInAddrAny,' : ''}NoCtldInAddrAny`,
    `AuthInfo=socket=${folder}/munge.socket`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/slurmd-%n.pid`,
    'ProctrackType=proctrack/linuxproc',
    ...(settings.limitsMemory ? MEASURED : ['TaskPlugin=task/none']),
    'MpiDefault=none',
    'MailProg=/bin/true',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU_Memory',
    'SlurmdParameters=config_overrides',
    'ReturnToService=2',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=2',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    `DefMemPerCPU=${String(Math.floor(settings.memoryMbPerNode / settings.cpusPerNode))}`,
    `MaxJobCount=${String(settings.maxJobCount)}`,
    `MinJobAge=${seconds(settings.minJobAgeMs)}`,
    `KillWait=${seconds(settings.killWaitMs)}`,
    `MessageTimeout=${seconds(settings.messageTimeoutMs)}`,
    `SlurmdTimeout=${seconds(settings.slurmdTimeoutMs)}`,
    ...(settings.gpusPerNode === 0 ? [] : ['GresTypes=gpu']),
    ...nodes.map((name, index) => nodeLine(name, addresses.nodePorts[index], hostName, settings)),
    ...PARTITIONS,
    ...(settings.hasAccounting ? accountingLines(folder, addresses.accountingPort) : []),
    ...settings.extraLines,
    '',
  ].join('\n');
}

/** Memory is looked at each second and limited. */
const MEASURED = ['TaskPlugin=task/cgroup', 'JobAcctGatherType=jobacct_gather/linux', 'JobAcctGatherFrequency=task=1'];

/** The partitions of every test cluster; the first one is the default. */
const PARTITIONS = [
  'PartitionName=debug Nodes=ALL Default=YES State=UP MaxTime=UNLIMITED PriorityTier=10 PreemptMode=OFF',
  // The shortest limit that Slurm knows: a job here is ended with TIMEOUT after one minute.
  'PartitionName=short Nodes=ALL State=UP MaxTime=1 PriorityTier=10 PreemptMode=OFF',
  // Jobs here are preempted by those in debug: requeued, or ended as PREEMPTED.
  'PartitionName=low Nodes=ALL State=UP MaxTime=UNLIMITED PriorityTier=1 PreemptMode=REQUEUE',
  'PartitionName=cheap Nodes=ALL State=UP MaxTime=UNLIMITED PriorityTier=1 PreemptMode=CANCEL',
  // Takes jobs and starts none (DOWN), and takes none at all (INACTIVE).
  'PartitionName=down Nodes=ALL State=DOWN MaxTime=UNLIMITED PreemptMode=OFF',
  'PartitionName=inactive Nodes=ALL State=INACTIVE MaxTime=UNLIMITED PreemptMode=OFF',
];

function nodeLine(name: string, port: number | undefined, hostName: string, settings: ClusterSettings): string {
  if (port === undefined) throw new RangeError(`node ${name} has no port: give one for each node`);
  return (
    `NodeName=${name} NodeHostname=${hostName} NodeAddr=127.0.0.1 Port=${String(port)} ` +
    `CPUs=${String(settings.cpusPerNode)} RealMemory=${String(settings.memoryMbPerNode)}` +
    (settings.gpusPerNode === 0 ? '' : ` Gres=${settings.gpuTypes.map((type) => gres(type, settings)).join(',')}`)
  );
}

function gres(type: string, { gpusPerNode }: ClusterSettings): string {
  return `gpu:${type}:${String(gpusPerNode)}`;
}

/** The text of gres.conf (gres.conf(5)): a file for each device, whose number is at the end of its name. */
export function gresConf({ gpusPerNode, gpuTypes }: ClusterSettings, folder: string): string {
  if (gpusPerNode === 0) return '';
  const lines = gpuTypes.map((type, number) => {
    const files = Array.from({ length: gpusPerNode }, (_, index) => gpuFile(folder, number * gpusPerNode + index));
    return `Name=gpu Type=${type} File=${files.join(',')}\n`;
  });
  return lines.join('');
}

export function gpuFile(folder: string, index: number): string {
  return `${folder}/gpu${String(index)}`;
}

/**
 * The text of cgroup.conf that keeps slurmd away from the machine's cgroups (cgroup.conf(5)): without it slurmd of 21.08
 * and later does not start where none are mounted. Before 21.08 there is no such setting, and no need for one.
 */
export function cgroupConf(version: string, { limitsMemory }: Pick<ClusterSettings, 'limitsMemory'>): string {
  if (limitsMemory) return 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainRAMSpace=yes\n';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const release = major * 100 + minor;
  if (release < 2108) return '';
  return release < 2311 ? 'CgroupPlugin=cgroup/v1\n' : 'CgroupPlugin=disabled\n';
}

function seconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
