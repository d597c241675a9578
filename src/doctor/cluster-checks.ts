// What doctor looks at on each cluster: the way there, Slurm's commands and controller, this user's rights, and the folders.
import { checkClocks } from './here-checks.ts';
import { failed, passed, checkFact, checkIfKnown, skipped, type Check, type Fact, type CheckResult } from './result.ts';

export interface CommandSeen {
  readonly program: string;
  /** e.g. `22.05.8`; undefined where the command is missing. */
  readonly version: string | undefined;
}

export interface ControllerSeen {
  readonly clusterName: string;
  readonly version: string;
  readonly hasAccounting: boolean;
  /** Whether a job without an account in the database is refused. */
  readonly needsAccount: boolean;
  /** 0: ended jobs are kept for good. */
  readonly minJobAgeMs: number;
}

export interface PartitionSeen {
  readonly name: string;
  readonly isDefault: boolean;
  /** Why it takes no jobs of this user now, as words behind its name; undefined where it does. */
  readonly closedBecause: string | undefined;
  /** Under which accounts, the usual one first; empty where nobody needs one. */
  readonly entrances: readonly {
    readonly account: string;
    readonly isDefault: boolean;
    readonly qos: string | undefined;
  }[];
}

export interface AccountSeen {
  readonly account: string;
  readonly isDefault: boolean;
}

export interface SharedFolderSeen {
  readonly path: string;
  readonly state: 'writable' | 'not writable' | 'missing';
  /** Why others can change what is in it. */
  readonly distrust?: string | undefined;
}

export interface HolderSeen {
  readonly pid: number;
  readonly host: string;
  readonly isHere: boolean;
}

export interface ClusterSeen {
  /** undefined for the only one, when it was given no name. */
  readonly name: string | undefined;
  readonly pollIntervalMs: number;
  /** Where commands run there, for people. */
  readonly connection: Fact<{ readonly host: string; readonly isBySsh: boolean; readonly notices?: readonly string[] }>;
  readonly aheadMs: Fact<number>;
  readonly commands: Fact<readonly CommandSeen[]>;
  readonly controller: Fact<ControllerSeen>;
  readonly partitions: Fact<readonly PartitionSeen[]>;
  readonly accounts: Fact<readonly AccountSeen[]>;
  readonly sharedFolder: Fact<SharedFolderSeen>;
  readonly stateFolder: Fact<string>;
  readonly holder: Fact<HolderSeen | undefined>;
}

/** The oldest release that the tests run on. */
const OLDEST_SLURM = [20, 11] as const;

export const CLUSTER_CHECKS: readonly Check<ClusterSeen>[] = [
  {
    id: 'ssh',
    question: 'Can commands run on the login node?',
    fix: 'Run "ssh HOST true" until it succeeds without a prompt; docs/ssh.md explains the errors',
    check: ({ connection: way }) =>
      checkFact(way, ({ host, isBySsh, notices = [] }) =>
        isBySsh
          ? passed([`commands run on ${host}`, ...notices].join('. ').replace(/\.$/, ''))
          : skipped(['not needed: Slurm is here', ...notices].join('. ').replace(/\.$/, '')),
      ),
  },
  {
    id: 'cluster-clock',
    question: "Does the login node's clock agree with this machine's?",
    fix: 'Synchronize the clocks of both machines with NTP (timedatectl shows the state)',
    check: ({ aheadMs }) => checkFact(aheadMs, checkClocks),
  },
  {
    id: 'slurm-commands',
    question: "Are Slurm's commands installed, in a supported version?",
    fix: "Set agent.slurm.slurm_bin_dir to the directory of Slurm's commands (20.11 or later), or start doctor where `command -v sbatch` finds them; systemd and cron read no login profile",
    check: ({ commands }) => checkFact(commands, checkCommands),
  },
  {
    id: 'controller',
    question: 'Does slurmctld respond?',
    fix: 'Run "scontrol ping" there; to use another slurm.conf, set agent.slurm.slurm_conf',
    check: ({ controller }) =>
      checkFact(controller, ({ clusterName, version }) => passed(`cluster ${clusterName} responds, Slurm ${version}`)),
  },
  {
    id: 'partitions',
    question: "Does a partition accept this user's jobs?",
    fix: 'Ask an administrator which partition this user may use (sinfo shows them), or wait until its nodes are back',
    check: ({ partitions }) => checkFact(partitions, checkPartitions),
  },
  {
    id: 'accounts',
    question: 'May this user submit jobs under an account?',
    fix: 'Ask an administrator for an account on this cluster (sacctmgr add user NAME account=…)',
    check: ({ accounts, controller }) =>
      checkFact(accounts, (seen) => {
        const isNeeded = controller.kind === 'known' && controller.value.needsAccount;
        const names = [...new Set(seen.map(({ account, isDefault }) => `${account}${isDefault ? ' (default)' : ''}`))];
        if (names.length > 0) return passed(names.join(', '));
        return isNeeded
          ? failed('this user has no account, and Slurm rejects jobs without one')
          : skipped('none is needed');
      }),
  },
  {
    id: 'ended-jobs',
    question: 'Does Slurm remember ended jobs until the next poll?',
    fix: "Set agent.slurm.poll_interval_sec to at most half of Slurm's MinJobAge, or ask for a longer MinJobAge",
    check: ({ controller, pollIntervalMs }) =>
      checkIfKnown(controller, 'not checked: the controller does not respond', (seen) =>
        checkMinJobAge(seen, pollIntervalMs),
      ),
  },
  {
    id: 'shared-folder',
    question: 'Is the shared directory writable, and only by this user?',
    fix: "Create a directory for this user alone on a file system that the nodes share, and set agent.slurm.shared_dir to it; for a project's directory set agent.slurm.trusted_group",
    check: ({ sharedFolder }) =>
      checkFact(sharedFolder, ({ path, state, distrust }) => {
        if (distrust !== undefined) return failed(`${path} is not used, as others can change it: ${distrust}`);
        return state === 'writable' ? passed(path) : failed(`${path} is ${state}`);
      }),
  },
  {
    id: 'state-folder',
    question: 'Is the state directory writable, and only by this user?',
    fix: 'Set agent.slurm.state_dir to your own directory on this machine, with free space',
    check: ({ stateFolder }) => checkFact(stateFolder, passed),
  },
  {
    id: 'other-daemon',
    question: 'Is the state directory free?',
    fix: 'Stop the daemon on that machine, or set another agent.slurm.state_dir for this one',
    check: ({ holder }) =>
      checkFact(holder, (held) => {
        if (held === undefined) return passed('no daemon uses it');
        const who = `process ${held.pid} on ${held.host}`;
        return held.isHere ? skipped(`a daemon runs: ${who}; a second one would be refused`) : failed(`${who} uses it`);
      }),
  },
];

function checkCommands(seen: readonly CommandSeen[]): CheckResult {
  const missing = seen.filter(({ version }) => version === undefined).map(({ program }) => program);
  if (missing.length > 0) return failed(`missing: ${missing.join(', ')}`);
  const versions = [...new Set(seen.map(({ version = '' }) => version))];
  const old = versions.find(isTooOld);
  const all = `${seen.map(({ program }) => program).join(', ')}: ${versions.join(' and ')}`;
  return old === undefined ? passed(all) : failed(`Slurm ${old} is older than ${OLDEST_SLURM.join('.')}`);
}

/** A version that can not be read is taken for a new one. */
function isTooOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  const [oldMajor, oldMinor] = OLDEST_SLURM;
  return Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor);
}

function checkPartitions(seen: readonly PartitionSeen[]): CheckResult {
  if (seen.length === 0) return failed('sinfo shows this user no partition');
  const open = seen.filter(({ closedBecause }) => closedBecause === undefined);
  const closed = seen.flatMap(({ name, closedBecause }) =>
    closedBecause === undefined ? [] : `${name} ${closedBecause}`,
  );
  if (open.length === 0) return failed(`none accepts this user's jobs now: ${closed.join('; ')}`);
  const shown = open.map(({ name, isDefault }) => `${name}${isDefault ? ' (default)' : ''}`).join(', ');
  return passed([shown, ...closed].join('; '));
}

function checkMinJobAge({ minJobAgeMs, hasAccounting }: ControllerSeen, pollIntervalMs: number): CheckResult {
  if (minJobAgeMs === 0) return passed('MinJobAge is 0: forever');
  const compared = `MinJobAge is ${minJobAgeMs / 1000} s, and the poll interval is ${pollIntervalMs / 1000} s`;
  if (minJobAgeMs >= 2 * pollIntervalMs) return passed(compared);
  return hasAccounting
    ? passed(`${compared}; accounting remembers the rest`)
    : failed(`${compared}, without accounting`);
}
