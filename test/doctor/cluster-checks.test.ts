// The result of each check of a cluster, by its facts.
import { expect } from 'chai';
import {
  CLUSTER_CHECKS,
  type ClusterSeen,
  type ControllerSeen,
  type UserMapSeen,
} from '../../src/doctor/cluster-checks.ts';
import { known, unavailable, unchecked, type CheckResult } from '../../src/doctor/check-result.ts';

const CONTROLLER: ControllerSeen = {
  clusterName: 'lyon',
  version: '22.05.8',
  hasAccounting: true,
  needsAccount: true,
  minJobAgeMs: 300_000,
};

const MAPPED: UserMapSeen = {
  users: ['ada', 'bob'],
  hasOwnJobs: true,
  problems: [],
  unknown: [],
  refused: [],
  hidesJobs: false,
};

const WELL: ClusterSeen = {
  name: undefined,
  pollIntervalMs: 15_000,
  connection: known({ host: 'ada@login1', isBySsh: true }),
  aheadMs: known(1000),
  commands: known([
    { program: 'sbatch', version: '22.05.8' },
    { program: 'squeue', version: '22.05.8' },
  ]),
  controller: known(CONTROLLER),
  partitions: known([{ name: 'gpu', isDefault: true, closedBecause: undefined, entrances: [] }]),
  accounts: known([{ account: 'lab', isDefault: true }]),
  sharedFolder: known({ path: '/shared', state: 'writable' }),
  userMap: known(MAPPED),
  stateFolder: known('/home/ada/.local/state/clearml-agent-slurm'),
  holder: known(undefined),
};

function resultOf(id: string, found: Partial<ClusterSeen>): CheckResult {
  const check = CLUSTER_CHECKS.find((one) => one.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  return check.check({ ...WELL, ...found });
}

const dead = { name: 'cpu', isDefault: false, closedBecause: 'has no usable node', entrances: [] };

const CASES: readonly (readonly [
  id: string,
  found: Partial<ClusterSeen>,
  mark: CheckResult['status'],
  says: string,
  situation?: string,
])[] = [
  ['ssh', {}, 'passed', 'commands run on ada@login1'],
  [
    'ssh',
    { connection: known({ host: 'this machine', isBySsh: false }) },
    'skipped',
    'not needed: Slurm runs on this machine',
  ],
  ['ssh', { connection: unavailable('login1 refused the key') }, 'failed', 'login1 refused the key'],
  ['cluster-clock', {}, 'passed', '1 s ahead of this machine'],
  ['cluster-clock', { aheadMs: known(-90_000) }, 'failed', '90 s behind this machine'],
  ['cluster-clock', { aheadMs: known(60_000) }, 'passed', '60 s ahead of this machine'],
  ['slurm-commands', {}, 'passed', 'sbatch, squeue: 22.05.8'],
  ['slurm-commands', { commands: known([{ program: 'sbatch', version: undefined }]) }, 'failed', 'not found: sbatch'],
  [
    'slurm-commands',
    { commands: known([{ program: 'sbatch', version: '20.02.7' }]) },
    'failed',
    'Slurm 20.02.7 is older than 20.11',
  ],
  ['slurm-commands', { commands: known([{ program: 'sbatch', version: '26.05.0' }]) }, 'passed', 'sbatch: 26.05.0'],
  ['controller', {}, 'passed', 'cluster lyon responds, Slurm 22.05.8'],
  ['controller', { controller: unchecked('not asked') }, 'skipped', 'not asked', ' if scontrol was not run'],
  ['partitions', {}, 'passed', 'gpu (default)'],
  ['partitions', { partitions: known([]) }, 'failed', 'sinfo lists no partition for this user'],
  [
    'partitions',
    { partitions: known([dead]) },
    'failed',
    'no partition accepts jobs of this user now: cpu has no usable node',
  ],
  [
    'partitions',
    { partitions: known([{ name: 'gpu', isDefault: false, closedBecause: undefined, entrances: [] }, dead]) },
    'passed',
    'gpu; cpu has no usable node',
  ],
  ['accounts', {}, 'passed', 'lab (default)'],
  [
    'accounts',
    { accounts: known([]) },
    'failed',
    'this user has no Slurm account, and Slurm rejects jobs without an account',
    " if the daemon's user also runs jobs",
  ],
  [
    'accounts',
    { accounts: known([]), userMap: known({ ...MAPPED, hasOwnJobs: false }) },
    'skipped',
    'not needed: no jobs run as this user (agent.slurm.user_map)',
  ],
  [
    'accounts',
    { accounts: known([]), userMap: unchecked('not set') },
    'failed',
    'this user has no Slurm account, and Slurm rejects jobs without an account',
    ' if no user map is set',
  ],
  [
    'accounts',
    { accounts: known([]), controller: known({ ...CONTROLLER, needsAccount: false }) },
    'skipped',
    'not needed: Slurm accepts jobs without an account',
  ],
  ['ended-jobs', {}, 'passed', 'MinJobAge is 300 s, the poll interval is 15 s'],
  [
    'ended-jobs',
    { controller: known({ ...CONTROLLER, minJobAgeMs: 20_000, hasAccounting: false }) },
    'failed',
    'MinJobAge is 20 s, the poll interval is 15 s, and there is no accounting',
  ],
  [
    'ended-jobs',
    { controller: known({ ...CONTROLLER, minJobAgeMs: 20_000 }) },
    'passed',
    'MinJobAge is 20 s, the poll interval is 15 s; accounting has older jobs',
  ],
  [
    'ended-jobs',
    { controller: known({ ...CONTROLLER, minJobAgeMs: 0, hasAccounting: false }) },
    'passed',
    'MinJobAge is 0: ended jobs are kept forever',
  ],
  ['shared-folder', {}, 'passed', '/shared'],
  ['shared-folder', { sharedFolder: known({ path: '/s', state: 'missing' }) }, 'failed', '/s is missing'],
  ['user-map', {}, 'passed', 'jobs run as ada, bob'],
  ['user-map', { userMap: unchecked('not set') }, 'skipped', 'not set'],
  [
    'user-map',
    { userMap: known({ ...MAPPED, hidesJobs: true }) },
    'passed',
    'jobs run as ada, bob; Slurm hides the jobs of other users (PrivateData), so each poll calls squeue once as each user',
  ],
  [
    'user-map',
    { userMap: known({ ...MAPPED, problems: ['p'], unknown: ['Eve'], refused: ['/usr/bin/sbatch as bob'] }) },
    'failed',
    'p; ClearML has no user with the id or name "Eve"; sudo does not allow /usr/bin/sbatch as bob',
  ],
  ['state-folder', { stateFolder: unavailable('no room') }, 'failed', 'no room'],
  ['other-daemon', {}, 'passed', 'no daemon uses it'],
  [
    'other-daemon',
    { holder: known({ pid: 812, host: 'login1', isHere: true }) },
    'skipped',
    'a daemon runs (process 812 on login1); a second one cannot start',
  ],
  [
    'other-daemon',
    { holder: known({ pid: 812, host: 'login2', isHere: false }) },
    'failed',
    'in use by process 812 on login2',
  ],
];

describe('doctor', () => {
  for (const [id, found, status, message, situation = ''] of CASES) {
    it(`reports the cluster check "${id}" as ${status} with the message "${message}"${situation}`, () => {
      expect(resultOf(id, found)).to.deep.equal({ status, message });
    });
  }

  it('reports every cluster check as passed if the cluster has no problem', () => {
    expect(CLUSTER_CHECKS.map(({ id, check }) => [id, check(WELL).status])).to.deep.equal(
      CLUSTER_CHECKS.map(({ id }) => [id, 'passed']),
    );
  });
});
