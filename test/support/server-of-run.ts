// The ClearML server for end-to-end tests, chaos and the demo: a new sandbox, or the server that the environment names.
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf, type Api, type ApiKeys, type User } from './clearml-user.ts';

/** Not the names that the SDK reads: users with those set did not ask for tests on that server. */
const VARIABLES = {
  url: 'CLEARML_TEST_API_HOST',
  accessKey: 'CLEARML_TEST_API_ACCESS_KEY',
  secretKey: 'CLEARML_TEST_API_SECRET_KEY',
} as const;

/**
 * The server that the environment names, if it names one.
 * @throws Error when it names only a part of it: then it is not known which server is meant
 */
export function namedServer(environment: NodeJS.ProcessEnv = process.env): ApiKeys | undefined {
  const {
    url = '',
    accessKey = '',
    secretKey = '',
  } = Object.fromEntries(Object.entries(VARIABLES).map(([part, variable]) => [part, environment[variable]]));
  const missing = Object.values(VARIABLES).filter((variable) => (environment[variable] ?? '') === '');
  if (missing.length === Object.keys(VARIABLES).length) return undefined;
  if (missing.length > 0) throw new Error(`To use a server, set ${missing.join(' and ')} as well.`);
  return { url: url.replace(/\/+$/, ''), accessKey, secretKey };
}

/** Names that nothing else on the server has, so that runs on the same server do not meet. */
export interface TestNames {
  /** What this name is on the server: of a queue, or of a worker. */
  readonly nameOf: (name: string) => string;
  /** The id of the project that has the tasks of `user`. */
  readonly project: string;
  /** A user whose queues have such names, and whose tasks are in a project of their own. */
  readonly user: User;
  /** Deletes the project's tasks, the project, and the queues. */
  readonly tidy: () => Promise<void>;
}

/** @param api calls the server, possibly through a proxy */
export async function createTestNames(api: Api): Promise<TestNames> {
  const prefix = `test-${randomBytes(4).toString('hex')}-`;
  const nameOf = (name: string): string => `${prefix}${name}`;
  const project = z.string().parse((await api('projects.create', { name: nameOf('tasks'), description: '' }))['id']);
  return {
    nameOf,
    project,
    user: userOf(api, { nameOf, project }),
    async tidy() {
      const { tasks } = Tasks.parse(
        await api('tasks.get_all', {
          project: [project],
          only_fields: ['id'],
          search_hidden: true,
          page_size: 500,
          page: 0,
        }),
      );
      // One that a test deleted itself is gone already.
      for (const { id } of tasks) await api('tasks.delete', { task: id, force: true }).catch(() => undefined);
      await api('projects.delete', { project, force: true });
      const { queues } = Queues.parse(await api('queues.get_all', { name: `^${prefix}`, search_hidden: true }));
      for (const { id } of queues) await api('queues.delete', { queue: id, force: true });
    },
  };
}

const Ids = z.array(z.object({ id: z.string() }));
const Tasks = z.object({ tasks: Ids });
const Queues = z.object({ queues: Ids });

export interface RunServer extends ApiKeys, TestNames {
  /** Whether it is the one that the environment names. */
  readonly isNamed: boolean;
  /** Removes from it what was made; a sandbox ends. */
  close(): Promise<void>;
}

/** Each call returns another sandbox, or other names on the named server. */
export async function openServer(): Promise<RunServer> {
  const named = namedServer();
  if (named !== undefined) {
    const names = await createTestNames(await connectApi(named));
    return { ...named, ...names, isNamed: true, close: names.tidy };
  }
  const sandbox = await createSandbox({ port: 0, clock: systemClock });
  const { url, accessKey, secretKey } = sandbox;
  const names = await createTestNames(await connectApi(sandbox));
  return { url, accessKey, secretKey, ...names, isNamed: false, close: () => sandbox.close() };
}
