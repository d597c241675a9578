// The cluster and the Unix users of the tests of a user map: real sudo, real accounting, each user in their own Slurm account.
import { expect } from 'chai';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { closeAfterTests } from '../support/closing.ts';
import {
  agentPython,
  requireAccounting,
  requireAgent,
  requireRoot,
  requireSandbox,
  requireSshd,
  requireSudo,
} from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { addUser, removeSudoers, removeUser, type TestUser } from '../support/users-with-sudo.ts';
import { openUserMapBed, type Bed } from './user-map-bed.ts';
import type { Wishes } from './world.ts';

/** The Python with the real clearml-agent. */
export const AGENT = 'test/fixtures/agent/python';

/** A Python with the stand-in for clearml-agent, which takes a fifth of the processor time. */
export const STAND_IN = 'test/stand-ins/agent/python';

/** A variable of the daemon that no job may see. */
export const CANARY = { CLEARML_CANARY: 'the-canary-of-the-daemon' };

export const SHOW_ALL = 'import os\nprint("as uid", os.getuid(), sorted(os.environ.items()), flush=True)';

export interface UserMapUsers {
  readonly cluster: SlurmCluster;
  readonly daemon: TestUser;
  /** In the map, as is `bob`. */
  readonly alice: TestUser;
  readonly bob: TestUser;
  /** Not in the map. */
  readonly mallory: TestUser;
  /** A directory that every user can read and only root can write. */
  readonly shared: string;
  readonly createBed: (wishes: Wishes) => Promise<Bed>;
  /** A daemon on this machine, as its own user. @param agent the Python of its jobs, the one with the real agent by default */
  readonly local: (agent?: string) => Wishes;
  readonly jobRows: (task: string) => Promise<string>;
}

/** Defines the hooks that start and end them. @param use gets them before the tests */
export function withUserMapUsers(use: (users: UserMapUsers) => void): void {
  let users: UserMapUsers;
  const onEnd = closeAfterTests();

  before(requireSandbox); // only there can a test add users
  before(requireAccounting);
  before(requireAgent);
  before(requireSshd);
  before(requireSudo);
  before(requireRoot);

  before(async () => {
    const cluster = await startSlurmCluster({ hasAccounting: true });
    const accounts: TestUser[] = [];
    // First the cluster: its daemons start what runs as these users.
    onEnd(async () => {
      await cluster.stop();
      for (const account of accounts) await removeUser(account);
    });
    const add = async (): Promise<TestUser> => {
      const account = await addUser(cluster.env);
      accounts.push(account);
      return account;
    };
    const [daemon, alice, bob, mallory] = [await add(), await add(), await add(), await add()];
    const sacctmgr = (...args: string[]): Promise<string> => cluster.run('sacctmgr', '--immediate', 'add', ...args);
    for (const [user, account] of [
      [alice, 'physics'],
      [bob, 'chemistry'],
      [daemon, 'service'],
      [mallory, 'guests'],
    ] as const) {
      await sacctmgr('account', account, 'Cluster=loopback');
      await sacctmgr('user', user.name, `Account=${account}`, `DefaultAccount=${account}`);
    }
    const shared = mkdtempSync('/tmp/user-map-');
    onEnd(() => rmSync(shared, { recursive: true, force: true }));
    chmodSync(shared, 0o755);
    cpSync(resolve(AGENT), join(shared, AGENT));
    cpSync(resolve(dirname(STAND_IN)), join(shared, dirname(STAND_IN)), { recursive: true });
    // With other times, Python would compile all packages again in each job.
    const asItIs = { recursive: true, preserveTimestamps: true };
    cpSync(join(agentPython(), '../../lib'), join(shared, '.test-cache/agent-venv/lib'), asItIs);
    users = {
      cluster,
      daemon,
      alice,
      bob,
      mallory,
      shared,
      createBed: (wishes) => openUserMapBed({ alice, bob }, wishes),
      local: (agent = AGENT) => ({
        owner: daemon,
        python: join(shared, agent),
        cluster: { ...cluster, env: { ...cluster.env, ...CANARY } },
      }),
      async jobRows(task) {
        const rows = await cluster.run('squeue', '--states=all', '--noheader', '--format=%A %u %a %Z %T %j');
        return rows
          .split('\n')
          .filter((row) => row.includes(task))
          .join('\n');
      },
    };
    use(users);
  });

  afterEach(async () => {
    const { cluster, daemon, alice, bob, mallory } = users;
    removeSudoers();
    for (const user of [daemon, alice, bob, mallory]) await cluster.run('scancel', '--user', user.name);
  });
}

/** The file that the program prints for this configuration. */
export async function sudoers({ world }: Bed): Promise<string> {
  const { code, stdout, stderr } = await world.run('sudoers');
  expect(code, stderr).to.equal(0);
  return stdout;
}
