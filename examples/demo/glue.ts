// The server and the program of the demo: a sandbox, and clearml-agent-slurm as its users run it.
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { formatReadyConf } from '../../src/sandbox/ready-conf.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import type { ApiKeys } from '../../test/e2e/api.ts';
import { startDaemon, type ForegroundDaemon } from '../../test/support/foreground-daemon.ts';
import type { DemoAgent } from './agent.ts';
import type { DemoCluster } from './cluster.ts';

export const WORKER = 'demo:slurm';
export const COMMAND = ['--template-files', 'examples/demo/demo.template', '--queue', 'default'];

export interface DemoServer extends ApiKeys {
  [Symbol.asyncDispose](): Promise<void>;
}

/** On loopback, unless the nodes are other machines: then its keys, which are new for each run, keep it. */
export async function startServer({ isElsewhere }: DemoCluster): Promise<DemoServer> {
  const sandbox = await createSandbox({ port: 0, clock: systemClock, host: isElsewhere ? '0.0.0.0' : '127.0.0.1' });
  return {
    url: isElsewhere ? sandbox.url.replace('0.0.0.0', hostname()) : sandbox.url,
    accessKey: sandbox.accessKey,
    secretKey: sandbox.secretKey,
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

export interface Glue extends Pick<ForegroundDaemon, 'isRunning' | 'logTail'> {
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the program in the folder, which holds all that it and the jobs write. */
export async function startGlue(
  folder: string,
  server: DemoServer,
  cluster: DemoCluster,
  agent: DemoAgent,
): Promise<Glue> {
  const conf = join(folder, 'clearml.conf');
  await mkdir(join(folder, 'shared'));
  await writeFile(conf, `${formatReadyConf(server, join(folder, 'files'))}${agentSection(folder, agent.python)}`, {
    mode: 0o600,
  });
  const { HOME, USER, LOGNAME } = process.env;
  const path = [agent.binDir, cluster.commandsDir, process.env['PATH']].filter((part) => part !== undefined);
  const program = await startDaemon({
    program: process.execPath,
    args: [resolve('bin/clearml-agent-slurm.js'), '--config-file', conf, ...COMMAND.map(absolute)],
    logPath: join(folder, 'clearml-agent-slurm.log'),
    // Nothing else of ours: a CLEARML_ variable would lead it to another server.
    env: { PATH: path.join(delimiter), HOME, USER, LOGNAME, ...cluster.env },
    cwd: folder,
  });
  return { isRunning: program.isRunning, logTail: program.logTail, [Symbol.asyncDispose]: () => program.stop() };
}

/** The agent keeps its caches in the folder too, so that the demo leaves nothing in anybody's home. */
function agentSection(folder: string, agentPython: string): string {
  return `agent {
    worker_id: "${WORKER}"
    venvs_cache { path: "${folder}/cache/venvs" }
    vcs_cache { path: "${folder}/cache/vcs" }
    pip_download_cache { path: "${folder}/cache/pip" }
    slurm {
        state_dir: "${folder}/state"
        shared_dir: "${folder}/shared"
        python: "${agentPython}"
        poll_interval_sec: 1
        queue_poll_interval_sec: 1
    }
}
`;
}

function absolute(word: string): string {
  return word.includes('/') ? resolve(word) : word;
}
