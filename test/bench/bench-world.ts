// The test bed of the daemon benchmarks: a sandbox that counts calls, a home with default settings, and the built program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf, type User } from '../support/clearml-user.ts';
import type { SharedCluster } from '../support/shared-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { HELD_TEMPLATE } from './typical-task.ts';

export interface BenchWorld {
  readonly folder: string;
  readonly user: User;
  /** The environment of the program and of Slurm's commands. */
  readonly environment: Readonly<Record<string, string>>;
  /** The number of calls to the sandbox so far. */
  callCount(): number;
  /** Makes that many tasks, each with a few properties, and enqueues them, by default in the queue `default`. Returns their ids. */
  enqueue(count: number, queue?: string): Promise<string[]>;
  /** Starts a Node program as the daemon of this world; it must log JSON lines to standard error. */
  start(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<RunningDaemon>;
  [Symbol.asyncDispose](): Promise<void>;
}

const Event = z.object({ time: z.string(), level: z.string(), message: z.string() });

export interface LoggedEvent {
  readonly at: number;
  readonly message: string;
}

export interface RunningDaemon {
  readonly pid: number;
  /** What it has logged with this message so far. */
  events(...messages: string[]): readonly LoggedEvent[];
  /** Waits until it has logged one of these messages so many times. */
  until(message: string | readonly string[], times: number): Promise<void>;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 300_000;

/** The arguments with which the built program serves the queue with held jobs, so that nothing runs. */
export function daemonArgs(program: string): string[] {
  return [program, '--template-files', 'held.template', '--queue', 'default', '--log-format', 'json'];
}

/** @param settings lines for clearml.conf */
export async function startBenchWorld(cluster: SharedCluster, settings = ''): Promise<BenchWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  let calls = 0;
  const count = (): void => void (calls += 1);
  const sandbox = await createSandbox({ port: 0, clock: systemClock, log: { debug: count, error: count } });
  const user = userOf(await connectApi(sandbox));
  const queues = new Map<string, Promise<string>>();
  const daemons = new Set<RunningDaemon>();
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'held.template'), HELD_TEMPLATE);
  await writeFile(
    join(folder, 'home/clearml.conf'),
    `api {
  api_server: ${sandbox.url}
  credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" }
}
# What is measured is how fast it could be, were the cluster's admin content with that.
agent.slurm.submit_rate_per_sec: 1000
agent.slurm.api_rate_per_sec: 1000
${settings}`,
    { mode: 0o600 },
  );
  const environment = {
    HOME: join(folder, 'home'),
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    USER: process.env['USER'] ?? 'root',
    LOGNAME: process.env['LOGNAME'] ?? 'root',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    ...cluster.env,
  };

  function makeQueue(name: string): Promise<string> {
    const made = queues.get(name) ?? user.makeQueue(name);
    queues.set(name, made);
    return made;
  }
  await makeQueue('default');

  return {
    folder,
    user,
    environment,
    callCount: () => calls,
    async enqueue(many, name = 'default') {
      const queue = await makeQueue(name);
      const made: string[] = [];
      for (let index = 0; index < many; index += 1) {
        const task = await user.makeTask({
          name: `task ${index}`,
          properties: { memory: '100M', walltime: '00:10:00' },
        });
        await user.enqueue(task, queue);
        made.push(task);
      }
      return made;
    },
    async start(args, more = {}) {
      const daemon = await startNode(args, folder, { ...environment, ...more });
      daemons.add(daemon);
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...daemons].map((daemon) => daemon.stop()));
      await cluster.run('scancel', '--me');
      await sandbox.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** With hundreds of submissions a second, the controller breaks off one in thousands: the daemon then finds the job by its name. */
export const SUBMITTED = ['Submitted', 'Found the job by name'] as const;

/** Starts the built program and waits until it serves the queue. */
export async function startServing(
  world: BenchWorld,
  program: string,
  environment?: Readonly<Record<string, string>>,
): Promise<RunningDaemon> {
  const daemon = await world.start(daemonArgs(program), environment);
  await daemon.until('Serving', 1);
  return daemon;
}

async function startNode(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningDaemon> {
  // setpriv(1) ends it with this process, however that ends.
  const command = ['--pdeathsig', 'KILL', '--', process.execPath, ...args];
  const child = spawn('setpriv', command, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const events: LoggedEvent[] = [];
  const others: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    const event = readEvent(line);
    if (event?.level === 'info') events.push({ at: Date.parse(event.time), message: event.message });
    else others.push(line);
  });
  const ended = once(child, 'close');
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('setpriv was not started');

  function logged(...messages: string[]): LoggedEvent[] {
    return events.filter((event) => messages.includes(event.message));
  }

  return {
    pid,
    events: logged,
    async until(message, times) {
      const messages = [message].flat();
      const isThere = (): boolean => {
        if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}:\n${others.join('\n')}`);
        return logged(...messages).length >= times;
      };
      const evidence = (): string => `${logged(...messages).length} so far; besides:\n${others.slice(-20).join('\n')}`;
      await waitUntil(`"${messages.join('" or "')}" ${times} times`, isThere, {
        withinMs: TIMEOUT_MS,
        everyMs: 50,
        evidence,
      });
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function readEvent(line: string): z.infer<typeof Event> | undefined {
  try {
    return Event.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
