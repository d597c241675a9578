// Several ClearML users and Unix users for a chaos run: the user map, the sudoers file, and limits.
import { execFile } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as z from 'zod';
import { connectApi, userOf, type Api, type User } from '../support/clearml-user.ts';
import { addUser, installSudoers, removeSudoers, removeUser, type TestUser } from '../support/users-with-sudo.ts';

const execute = promisify(execFile);

/** A ClearML user, and the Unix user of that user's jobs. */
export interface Owner {
  readonly name: string;
  /** The ClearML user. */
  readonly user: User;
  readonly unixUser: string;
}

/** The limits of the cluster, in a run whose jobs have one node each. */
export interface SharedLimits {
  /** The most jobs at once, as `max_jobs` or as `max_nodes`. */
  readonly jobs: number;
  readonly jobsPerUser: number;
}

export interface SharedService {
  /** Runs the daemons, or is their login. */
  readonly daemonUser: TestUser;
  /** Most tasks belong to the first. Jobs of the last run as the user of the daemons. */
  readonly owners: readonly Owner[];
  readonly limits: SharedLimits;
  /** Lines of `agent.slurm`. @param queue the name of the served queue */
  settings(queue: string): string;
  /** Gives these files and directories to the user of the daemons. */
  own(...paths: readonly string[]): Promise<void>;
  /** The environment of a program that the user of the daemons starts. */
  readonly environment: Readonly<Record<string, string>>;
  /** The shell command that sets a job's `clearml.conf`: in a job of the daemons' user, ~ is the home of a daemon. */
  readonly configure: string;
  /** The prefix that runs a program as the user of the daemons. */
  readonly prefix: readonly string[];
  /** Removes the Unix users and the sudoers file. */
  stop(): Promise<void>;
}

/** What a seed decides: all other rounds of other runs stay the same. */
export function sharedChoices(seed: number): { readonly countsNodes: boolean; readonly hidesJobs: boolean } {
  return { countsNodes: seed % 2 === 1, hidesJobs: seed % 4 >= 2 };
}

const LIMITS: SharedLimits = { jobs: 5, jobsPerUser: 3 };

/** The owners of the tasks of a round, in turn. */
const TURNS = [0, 0, 0, 1, 2];

export function ownerInTurn({ owners }: Pick<SharedService, 'owners'>, index: number): Owner {
  const owner = owners[TURNS[index % TURNS.length] ?? 0];
  if (owner === undefined) throw new RangeError('a shared service has three owners');
  return owner;
}

interface Surroundings {
  /** Whether the daemons run on the login node, as a user without privileges. Over SSH, this user is that of their logins. */
  readonly isLocal: boolean;
  /** Calls the server as its first user. */
  readonly api: Api;
  /** The address for users. */
  readonly url: string;
  /** The text of a job's `clearml.conf`. */
  readonly jobConf: (keys: { readonly accessKey: string; readonly secretKey: string }) => string;
}

/** Needs root, sudo and the sandbox server. */
export async function openSharedService(
  seed: number,
  { isLocal, api, url, jobConf }: Surroundings,
): Promise<SharedService> {
  const [daemonUser, first, second] = [await addUser(), await addUser(), await addUser()];
  const ids: string[] = [];

  async function owner(name: string, account: TestUser): Promise<Owner> {
    const added = Added.parse(await api('sandbox.add_user', { name }));
    const keys = { accessKey: added.access_key, secretKey: added.secret_key };
    ids.push(added.id);
    account.write('clearml.conf', jobConf(keys));
    return { name, user: userOf(await connectApi({ ...keys, url })), unixUser: account.name };
  }

  const owners = [
    await owner('ada', first),
    await owner('bob', second),
    // Not in the map.
    await owner('eve', daemonUser),
  ];
  const { countsNodes } = sharedChoices(seed);
  return {
    daemonUser,
    owners,
    limits: LIMITS,
    settings: (queue) => `
    ${countsNodes ? 'max_nodes' : 'max_jobs'}: ${LIMITS.jobs}
    queues { "${queue}" { max_jobs_per_user: ${LIMITS.jobsPerUser}, user_fairness: true } }
    user_map { "${ids[0] ?? ''}": ${first.name}, bob: ${second.name}, default: ${daemonUser.name} }`,
    async own(...paths) {
      for (const path of isLocal ? paths : []) await chown(path, daemonUser.uid, daemonUser.uid);
    },
    environment: isLocal ? { PATH: '/usr/bin:/bin', USER: daemonUser.name, LOGNAME: daemonUser.name } : {},
    configure: `[ "$(id -un)" != ${daemonUser.name} ] || export CLEARML_CONFIG_FILE=${daemonUser.home}/clearml.conf`,
    prefix: isLocal
      ? [
          ...['setpriv', `--reuid=${daemonUser.name}`, `--regid=${daemonUser.name}`, '--clear-groups'],
          // The kernel forgets the signal when the user changes.
          ...['--inh-caps=-all', '--ambient-caps=-all', '--pdeathsig=KILL', '--'],
        ]
      : [],
    async stop() {
      removeSudoers();
      for (const user of [daemonUser, first, second]) await removeUser(user);
    },
  };
}

const Added = z.object({ id: z.string(), access_key: z.string(), secret_key: z.string() });

/** Installs the file that the program prints for this configuration. Without it, nothing is left of the service. */
export async function installPrintedSudoers(
  service: SharedService,
  environment: Readonly<Record<string, string>>,
  ...program: readonly string[]
): Promise<void> {
  const [command, ...words] = [...service.prefix, process.execPath, ...program, 'sudoers'];
  const { PATH = '/usr/bin:/bin' } = process.env;
  try {
    const { stdout } = await execute(command, words, {
      env: { PATH, ...service.environment, ...environment },
      cwd: '/',
    });
    await installSudoers(stdout);
  } catch (error) {
    await service.stop();
    throw error;
  }
}
