// The checks of each cluster: connection, commands, controller, permissions and directories.
import type { Association } from '../slurm/partition-rights.ts';
import type { ClusterFacts } from '../slurm/scheduler.ts';
import { checkClocks } from './configuration-checks.ts';
import {
  failed,
  passed,
  checkFact,
  checkIfKnown,
  skipped,
  type Check,
  type Fact,
  type CheckResult,
} from './check-result.ts';
import type { ReachablePartition } from './reachable-partitions.ts';

export interface CommandSeen {
  readonly program: string;
  /** Such as `22.05.8`; undefined if the command is missing. */
  readonly version: string | undefined;
}

export interface ControllerSeen extends Pick<
  ClusterFacts,
  'clusterName' | 'version' | 'hasAccounting' | 'minJobAgeMs'
> {
  /** Whether Slurm rejects a job without an account. */
  readonly needsAccount: boolean;
}

type PartitionSeen = Pick<ReachablePartition, 'name' | 'isDefault' | 'closedBecause' | 'entrances'>;

export interface SharedFolderSeen {
  readonly path: string;
  readonly state: 'writable' | 'not writable' | 'missing';
  /** Why other users can change it. */
  readonly distrust?: string | undefined;
}

export interface HolderSeen {
  readonly pid: number;
  readonly host: string;
  readonly isHere: boolean;
}

export interface UserMapSeen {
  /** The names of the Unix users whose jobs the daemon submits, other than its own. */
  readonly users: readonly string[];
  /** Whether jobs of some owners run as the user of the daemon. */
  readonly hasOwnJobs: boolean;
  /** Entries that are not used, and why. */
  readonly problems: readonly string[];
  /** Keys that are neither the id nor the name of a ClearML user. */
  readonly unknown: readonly string[];
  /** What sudo does not allow, such as `/usr/bin/sbatch as ada`. */
  readonly refused: readonly string[];
  /** Whether Slurm shows each user only their own jobs. */
  readonly hidesJobs: boolean;
}

export interface ClusterSeen {
  /** undefined for a single cluster without a name. */
  readonly name: string | undefined;
  readonly pollIntervalMs: number;
  /** Where commands run. */
  readonly connection: Fact<{ readonly host: string; readonly isBySsh: boolean; readonly notices?: readonly string[] }>;
  readonly aheadMs: Fact<number>;
  readonly commands: Fact<readonly CommandSeen[]>;
  readonly controller: Fact<ControllerSeen>;
  readonly partitions: Fact<readonly PartitionSeen[]>;
  readonly accounts: Fact<readonly Pick<Association, 'account' | 'isDefault'>[]>;
  readonly sharedFolder: Fact<SharedFolderSeen>;
  readonly userMap: Fact<UserMapSeen>;
  readonly stateFolder: Fact<string>;
  readonly holder: Fact<HolderSeen | undefined>;
}

/** The oldest release that is tested. */
const OLDEST_SLURM = [20, 11] as const;

export const CLUSTER_CHECKS: readonly Check<ClusterSeen>[] = [
  {
    id: 'ssh',
    question: 'Can the login node be reached?',
    fix: 'Correct the SSH set-up until "ssh HOST true" works without a prompt; docs/ssh.md explains the errors',
    check: ({ connection: way }) =>
      checkFact(way, ({ host, isBySsh, notices = [] }) =>
        isBySsh
          ? passed([`commands run on ${host}`, ...notices].join('. ').replace(/\.$/, ''))
          : skipped(['not needed: Slurm runs on this machine', ...notices].join('. ').replace(/\.$/, '')),
      ),
  },
  {
    id: 'cluster-clock',
    question: 'Does the clock of the login node match the clock of this machine?',
    fix: 'Synchronize both clocks with NTP (timedatectl shows the state)',
    check: ({ aheadMs }) => checkFact(aheadMs, checkClocks),
  },
  {
    id: 'slurm-commands',
    question: 'Are the Slurm commands installed, in a supported version?',
    fix: 'Set agent.slurm.slurm_bin_dir to the directory of the Slurm commands (20.11 or later), or add it to PATH; systemd and cron do not read the login profile',
    check: ({ commands }) => checkFact(commands, checkCommands),
  },
  {
    id: 'controller',
    question: 'Does slurmctld respond?',
    fix: 'Run scontrol ping on the login node; to use another slurm.conf, set agent.slurm.slurm_conf',
    check: ({ controller }) =>
      checkFact(controller, ({ clusterName, version }) => passed(`cluster ${clusterName} responds, Slurm ${version}`)),
  },
  {
    id: 'partitions',
    question: 'Does a partition accept jobs of this user?',
    fix: 'Ask an administrator which partition you may use (sinfo lists the partitions), or wait until the nodes of one are up',
    check: ({ partitions }) => checkFact(partitions, checkPartitions),
  },
  {
    id: 'accounts',
    question: 'Does this user have a Slurm account?',
    fix: 'Ask an administrator to add you to a Slurm account (sacctmgr add user NAME account=…)',
    check: ({ accounts, controller, userMap }) =>
      checkFact(accounts, (seen) => {
        const isNeeded = controller.kind === 'known' && controller.value.needsAccount;
        const names = [...new Set(seen.map(({ account, isDefault }) => `${account}${isDefault ? ' (default)' : ''}`))];
        if (names.length > 0) return passed(names.join(', '));
        if (userMap.kind === 'known' && !userMap.value.hasOwnJobs)
          return skipped('not needed: no jobs run as this user (agent.slurm.user_map)');
        return isNeeded
          ? failed('this user has no Slurm account, and Slurm rejects jobs without an account')
          : skipped('not needed: Slurm accepts jobs without an account');
      }),
  },
  {
    id: 'ended-jobs',
    question: 'Does Slurm keep ended jobs longer than the poll interval?',
    fix: 'Set agent.slurm.poll_interval_sec to at most half of MinJobAge in slurm.conf, or ask for a longer MinJobAge',
    check: ({ controller, pollIntervalMs }) =>
      checkIfKnown(controller, 'not checked: the controller does not respond', (seen) =>
        checkMinJobAge(seen, pollIntervalMs),
      ),
  },
  {
    id: 'shared-folder',
    question: 'Is the shared directory writable, and only by this user?',
    fix: 'Create the directory on a file system that the nodes share, writable only by you, and set agent.slurm.shared_dir; for a project directory also set agent.slurm.trusted_group',
    check: ({ sharedFolder }) =>
      checkFact(sharedFolder, ({ path, state, distrust }) => {
        if (distrust !== undefined) return failed(`${path} is refused because other users can change it: ${distrust}`);
        return state === 'writable' ? passed(path) : failed(`${path} is ${state}`);
      }),
  },
  {
    id: 'user-map',
    question: 'Can jobs run as the users of the user map?',
    fix: 'Correct agent.slurm.user_map, and install on the login node the output of `clearml-agent-slurm sudoers`; docs/shared-service.md explains both',
    check: ({ userMap }) => checkFact(userMap, checkUserMap),
  },
  {
    id: 'state-folder',
    question: 'Is the state directory writable, and only by this user?',
    fix: 'Set agent.slurm.state_dir to a directory that you own on this machine, with free space',
    check: ({ stateFolder }) => checkFact(stateFolder, passed),
  },
  {
    id: 'other-daemon',
    question: 'Is the state directory free for a daemon?',
    fix: 'Stop the daemon that uses the directory, or set agent.slurm.state_dir to another directory',
    check: ({ holder }) =>
      checkFact(holder, (held) => {
        if (held === undefined) return passed('no daemon uses it');
        const who = `process ${held.pid} on ${held.host}`;
        return held.isHere ? skipped(`a daemon runs (${who}); a second one cannot start`) : failed(`in use by ${who}`);
      }),
  },
];

function checkUserMap({ users, problems, unknown, refused, hidesJobs }: UserMapSeen): CheckResult {
  const faults = [
    ...problems,
    ...unknown.map((key) => `ClearML has no user with the id or name "${key}"`),
    ...(refused.length === 0 ? [] : [`sudo does not allow ${refused.join(', ')}`]),
  ];
  if (faults.length > 0) return failed(faults.join('; '));
  const how = hidesJobs
    ? '; Slurm hides the jobs of other users (PrivateData), so each poll calls squeue once as each user'
    : '';
  return passed(`jobs run as ${users.length === 0 ? 'the user of the daemon' : users.join(', ')}${how}`);
}

function checkCommands(seen: readonly CommandSeen[]): CheckResult {
  const missing = seen.filter(({ version }) => version === undefined).map(({ program }) => program);
  if (missing.length > 0) return failed(`not found: ${missing.join(', ')}`);
  const versions = [...new Set(seen.map(({ version = '' }) => version))];
  const old = versions.find(isTooOld);
  const all = `${seen.map(({ program }) => program).join(', ')}: ${versions.join(' and ')}`;
  return old === undefined ? passed(all) : failed(`Slurm ${old} is older than ${OLDEST_SLURM.join('.')}`);
}

/** An unknown version format counts as new. */
function isTooOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  const [oldMajor, oldMinor] = OLDEST_SLURM;
  return Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor);
}

function checkPartitions(seen: readonly PartitionSeen[]): CheckResult {
  if (seen.length === 0) return failed('sinfo lists no partition for this user');
  const open = seen.filter(({ closedBecause }) => closedBecause === undefined);
  const closed = seen.flatMap(({ name, closedBecause }) =>
    closedBecause === undefined ? [] : `${name} ${closedBecause}`,
  );
  if (open.length === 0) return failed(`no partition accepts jobs of this user now: ${closed.join('; ')}`);
  const shown = open.map(({ name, isDefault }) => `${name}${isDefault ? ' (default)' : ''}`).join(', ');
  return passed([shown, ...closed].join('; '));
}

function checkMinJobAge({ minJobAgeMs, hasAccounting }: ControllerSeen, pollIntervalMs: number): CheckResult {
  if (minJobAgeMs === 0) return passed('MinJobAge is 0: ended jobs are kept forever');
  const compared = `MinJobAge is ${minJobAgeMs / 1000} s, the poll interval is ${pollIntervalMs / 1000} s`;
  if (minJobAgeMs >= 2 * pollIntervalMs) return passed(compared);
  return hasAccounting
    ? passed(`${compared}; accounting has older jobs`)
    : failed(`${compared}, and there is no accounting`);
}
