// Starts the server of the demo, a sandbox or your own, and clearml-agent-slurm as users run it.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { formatClientConf } from '../../src/sandbox/client-conf.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf, type ApiKeys } from '../../test/support/clearml-user.ts';
import { startDaemon, type ForegroundDaemon } from '../../test/support/foreground-daemon.ts';
import { namedServer, createTestNames, type TestNames } from '../../test/support/server-of-run.ts';
import type { DemoAgent } from './agent.ts';
import type { DemoCluster } from './cluster.ts';

export const QUEUE = 'default';

export interface DemoServer extends ApiKeys, Pick<TestNames, 'nameOf' | 'user'> {
  /** A description, which the demo shows. */
  readonly says: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The worker id of the daemon. */
export function workerOf({ nameOf }: DemoServer): string {
  return nameOf('demo:slurm');
}

/** The arguments of the program. */
export function commandOf({ nameOf }: DemoServer, template: string): string[] {
  return ['--template-files', template, '--queue', nameOf(QUEUE)];
}

/** The server that the environment names, else a sandbox. */
export async function startServer({ isElsewhere }: DemoCluster): Promise<DemoServer> {
  const named = namedServer();
  if (named !== undefined) {
    const { nameOf, user, tidy } = await createTestNames(await connectApi(named));
    const says = `${named.url}, from CLEARML_TEST_API_HOST; the demo deletes at its end what it creates there`;
    return { ...named, nameOf, user, says, [Symbol.asyncDispose]: tidy };
  }
  // On loopback, unless the nodes are other machines; then only its keys, new for each run, protect it.
  const sandbox = await createSandbox({ port: 0, clock: systemClock, host: isElsewhere ? '0.0.0.0' : '127.0.0.1' });
  const url = isElsewhere ? sandbox.url.replace('0.0.0.0', hostname()) : sandbox.url;
  const { accessKey, secretKey } = sandbox;
  return {
    url,
    accessKey,
    secretKey,
    // No other user is on it.
    nameOf: (name) => name,
    user: userOf(await connectApi({ url, accessKey, secretKey })),
    says: `a sandbox server at ${url}, for as long as the demo runs`,
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

export interface Program extends Pick<ForegroundDaemon, 'isRunning' | 'logTail'> {
  /** Resolves with the URL of the status page, once the daemon serves it. */
  untilServed(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface ProgramOptions {
  /** The command of clearml-agent-slurm. */
  readonly program: readonly string[];
  readonly template: string;
  /** Holds all files of the program and its jobs. */
  readonly folder: string;
  readonly server: DemoServer;
  readonly cluster: DemoCluster;
  readonly agent: DemoAgent;
  /** Whether it serves its status page. */
  readonly hasWeb: boolean;
}

/** Starts the program in the folder. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { folder, server, cluster, agent } = options;
  const [executable = '', ...args] = options.program;
  const conf = join(folder, 'clearml.conf');
  await mkdir(join(folder, 'shared'));
  await writeFile(
    conf,
    `${formatClientConf(server, `file://${join(folder, 'files')}`)}${agentSection(folder, agent.python, server, options.hasWeb)}`,
    {
      mode: 0o600,
    },
  );
  const { HOME, USER, LOGNAME } = process.env;
  const path = [agent.binDir, cluster.commandsDir, process.env['PATH']].filter((part) => part !== undefined);
  const program = await startDaemon({
    program: executable,
    args: [...args, '--config-file', conf, ...commandOf(server, resolve(options.template))],
    logPath: join(folder, 'clearml-agent-slurm.log'),
    // No other variables: a CLEARML_ variable could select another server.
    env: { PATH: path.join(delimiter), HOME, USER, LOGNAME, ...cluster.env },
    cwd: folder,
  });
  const untilServed = async (): Promise<string> => {
    for (;;) {
      const url = await readUrl(join(folder, 'state'));
      if (url !== undefined) return url;
      if (!program.isRunning()) throw new Error(`clearml-agent-slurm exited too early:\n${program.logTail()}`);
      await systemClock.sleep(100);
    }
  };
  return {
    isRunning: program.isRunning,
    logTail: program.logTail,
    untilServed,
    [Symbol.asyncDispose]: () => program.stop(),
  };
}

/** The URL of the status page with its token; undefined until the daemon serves it. */
async function readUrl(stateDir: string): Promise<string | undefined> {
  try {
    const note = await readFile(join(stateDir, 'http.json'), 'utf8');
    const [, port = ''] = /"port":(\d+)/.exec(note) ?? [];
    return `http://localhost:${port}/?token=${(await readFile(join(stateDir, 'http-token'), 'utf8')).trim()}`;
  } catch {
    return undefined;
  }
}

/** The agent keeps its caches in the folder too, so that the demo leaves nothing in a home directory. */
function agentSection(folder: string, agentPython: string, server: DemoServer, hasWeb: boolean): string {
  return `agent {
    worker_id: "${workerOf(server)}"
    venvs_cache { path: "${folder}/cache/venvs" }
    vcs_cache { path: "${folder}/cache/vcs" }
    pip_download_cache { path: "${folder}/cache/pip" }
    slurm {
        state_dir: "${folder}/state"
        shared_dir: "${folder}/shared"
        python: "${agentPython}"
        scheduler_queue: "${server.nameOf('slurm_scheduler')}"
        poll_interval_sec: 1
        queue_poll_interval_sec: 1
        ${hasWeb ? 'http { listen: 0 }' : ''}
    }
}
`;
}
