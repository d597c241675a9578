// The environment of an end-to-end test: a ClearML server, a real Slurm cluster, a home directory, and the built program.
import { spawn } from 'node:child_process';
import { chown, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { EXIT } from '../../src/base/exit-codes.ts';
import { becoming, plainly } from '../support/as-user.ts';
import { builtProgram } from '../support/built-program.ts';
import { offerEvidence } from '../support/evidence.ts';
import { agentPython } from '../support/skip-unless.ts';
import { openServer } from '../support/server-of-run.ts';
import type { TestAccount } from '../support/sshd.ts';
import { sharedCluster, type SharedCluster } from '../support/shared-cluster.ts';
import { failWaitsOn, TIMEOUT_MS, waitUntil } from '../support/wait-until.ts';
import type { SeenTask, User } from '../support/clearml-user.ts';
import { evidenceOf, isSettled, lastLines } from './world-evidence.ts';

export interface World {
  readonly folder: string;
  readonly home: string;
  readonly user: User;
  /** What the server knows by this name: a queue that `user.makeQueue` makes, or the worker `glue`. */
  readonly nameOf: (name: string) => string;
  readonly cluster: SharedCluster;
  readonly environment: Readonly<Record<string, string>>;
  /** Writes a file into the world's folder and returns its path. */
  write(name: string, text: string): Promise<string>;
  /** Starts the program; it is killed with the world at the latest. */
  start(...words: readonly string[]): Program;
  /** Starts this file in the program's place. */
  startOther(file: string, ...words: readonly string[]): Program;
  /** Runs the program to its end. */
  run(...words: readonly string[]): Promise<Ended>;
  /** The stderr of all programs so far. */
  log(): string;
  /** Waits until the task matches, and returns it. */
  until(task: string, what: string, isSo: (seen: SeenTask) => boolean, withinMs?: number): Promise<SeenTask>;
  untilStatus(task: string, status: string, withinMs?: number): Promise<SeenTask>;
  /** Waits until the task's console holds this text, or what fits this expression. */
  untilConsole(task: string, text: string | RegExp, withinMs?: number): Promise<void>;
  /** Stops the program as a service manager does, and checks that it exits with 0 before the service manager would kill it. */
  stop(program: Program): Promise<void>;
  /** Job ids of the task that squeue shows in these states, whatever the attempt. */
  jobsOf(task: string, states?: string): Promise<string[]>;
  /** Waits until none of the task's jobs waits, runs or is being ended. */
  untilNoJob(task: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly ended: Promise<Ended>;
  /** Its stderr so far. */
  log(): string;
  /** Waits until its log has this text so many times; fails if it ends before. */
  untilLogged(text: string, times?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** For a failed test: its command line, its state and the last lines that it printed. */
  evidence(): string;
}

export interface Wishes {
  /** Lines of `agent.slurm`; those that name a queue need what it is called. */
  readonly slurm?: string | ((nameOf: World['nameOf']) => string);
  /** Lines of `agent`. */
  readonly agent?: string;
  readonly cluster?: SharedCluster;
  /** The setting for the Python with clearml-agent: by default the real one; false for none. */
  readonly python?: string | false;
  /** The user who starts the program and uses the cluster, if not the current one; needs root. */
  readonly owner?: TestAccount;
  /** More variables of the programs. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Shorter than the timeouts of its commands and of a service manager. */
const STOP_MS = 60_000;

export async function startWorld({
  slurm = '',
  agent = '',
  cluster,
  python = agentPython(),
  owner,
  variables = {},
}: Wishes = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'world-'));
  const home = owner?.home ?? join(folder, 'home');
  await mkdir(home, { recursive: true });
  const server = await openServer();
  const { user, nameOf, isNamed, project } = server;
  const theCluster = cluster ?? (await sharedCluster());
  const programs = new Set<Program>();
  const obstacles: (() => void)[] = [];
  let awaited: string | undefined;

  await writeFile(
    join(home, 'clearml.conf'),
    `api {
  api_server: "${server.url}"
  web_server: "${server.url}"
  files_server: "${server.url}"
  credentials { access_key: "${server.accessKey}", secret_key: "${server.secretKey}" }
}
agent {
  worker_name: ${nameOf('glue')}
  venvs_dir: ${folder}/venvs
  ${agent}
  slurm {
    state_dir: ${folder}/state
    scheduler_queue: ${nameOf('slurm_scheduler')}
    poll_interval_sec: 1
    queue_poll_interval_sec: 1
    grace { end_sec: 5, stop_sec: 20, adopt_sec: 5, absent_sec: 20, start_sec: 300, server_sec: 10 }
    ${theCluster.binDir === undefined ? '' : `slurm_bin_dir: ${theCluster.binDir}`}
    ${python === false ? '' : `python: ${python}`}
    ${typeof slurm === 'string' ? slurm : slurm(nameOf)}
  }
}
`,
    { mode: 0o600 },
  );
  if (owner !== undefined)
    for (const path of [folder, join(home, 'clearml.conf')]) await chown(path, owner.uid, owner.uid);

  const environment = {
    HOME: home,
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    USER: process.env['USER'] ?? 'root',
    LOGNAME: process.env['LOGNAME'] ?? 'root',
    ...theCluster.env,
    ...variables,
  };

  function launch(...nodeWords: readonly string[]): Program {
    const become = theCluster.binDir === undefined ? plainly : becoming;
    const [command, ...args] = [...(owner === undefined ? [] : become(owner.name)), process.execPath];
    const child = spawn(command, [...args, ...nodeWords], {
      cwd: folder,
      env: { ...environment, NODE_PATH: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const end = (): string | undefined => {
      const { exitCode, signalCode } = child;
      if (exitCode === null && signalCode === null) return undefined;
      return signalCode === null ? `ended with exit code ${exitCode}` : `was ended by ${signalCode}`;
    };
    let hasClosed = false;
    const ended = once(child, 'close').then(() => {
      hasClosed = true;
      return { code: child.exitCode, stdout, stderr };
    });
    const program: Program = {
      ended,
      log: () => stderr,
      untilLogged: (text, times = 1) =>
        waitUntil(`the program to log "${text}"`, () => stderr.split(text).length > times, {
          progress: () => stderr.length,
          hopeless: () => (hasClosed ? `the program ${end()}` : undefined),
          evidence: () => program.evidence(),
        }).then(() => undefined),
      signal: (name) => child.kill(name),
      evidence: () => `${nodeWords.join(' ')} (${end() ?? 'running'}):\n${lastLines(stdout + stderr)}`,
    };
    programs.add(program);
    return program;
  }

  /** Runs while the test continues. If it fails by itself, no wait of the test can succeed. */
  function launchBeside(...nodeWords: readonly string[]): Program {
    const program = launch(...nodeWords);
    let failure: string | undefined;
    let isSignaled = false;
    void program.ended.then(({ code }) => {
      const hasFailed = code !== null && code !== 0 && code !== EXIT.tryAgain;
      if (hasFailed && !isSignaled) failure = `${nodeWords.join(' ')} ended with exit code ${code}`;
    });
    obstacles.push(failWaitsOn(() => failure));
    return {
      ...program,
      signal(name) {
        isSignaled = true;
        program.signal(name);
      },
    };
  }

  function start(...words: readonly string[]): Program {
    return launchBeside(builtProgram(), ...words);
  }

  function log(): string {
    return [...programs].map((program) => program.log()).join('\n');
  }

  /** Waits for what the task's job, its agent or a daemon of this world does to it. */
  async function untilTask<Answer>(
    task: string,
    what: string,
    look: () => Promise<Answer | undefined | false>,
    progress: () => string | number | undefined,
    withinMs = TIMEOUT_MS,
  ): Promise<Answer> {
    awaited = task;
    return waitUntil(what, look, {
      withinMs,
      everyMs: 250,
      progress: () => [progress(), log().length].join(' '),
      async stalled() {
        const seen = await user.look(task).catch(() => undefined);
        const isOver = seen !== undefined && (await isSettled(world, task, seen.status));
        return isOver ? 'the task has ended, no job of it is left, and no daemon tracks it' : undefined;
      },
    });
  }

  async function until(
    task: string,
    what: string,
    isSo: (seen: SeenTask) => boolean,
    withinMs?: number,
  ): Promise<SeenTask> {
    let state = '';
    const look = async (): Promise<SeenTask | false> => {
      const seen = await user.look(task);
      state = JSON.stringify(seen);
      return isSo(seen) && seen;
    };
    return untilTask(task, what, look, () => state, withinMs);
  }

  const shownProject = isNamed ? project : undefined;
  const evidence = offerEvidence({ read: () => evidenceOf(world, awaited, [...programs], shownProject) });
  const world: World = {
    folder,
    home,
    user,
    nameOf,
    cluster: theCluster,
    environment,
    async write(name, text) {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    log,
    start,
    startOther: launchBeside,
    run: (...words) => launch(builtProgram(), ...words).ended,
    until,
    untilStatus: (task, status, withinMs) =>
      until(task, `the task to be ${status}`, (seen) => seen.status === status, withinMs),
    async untilConsole(task, text, withinMs) {
      let length = 0;
      const look = async (): Promise<boolean> => {
        const said = await user.console(task);
        length = said.length;
        return typeof text === 'string' ? said.includes(text) : text.test(said);
      };
      await untilTask(task, `the console to say "${String(text)}"`, look, () => length, withinMs);
    },
    async stop(program) {
      const asked = performance.now();
      program.signal('SIGTERM');
      const { code, stderr } = await program.ended;
      const tookMs = performance.now() - asked;
      if (code !== 0 || tookMs > STOP_MS)
        throw new Error(`the program took ${tookMs} ms to end with ${String(code)}:\n${stderr}`);
    },
    async jobsOf(task, states = 'all') {
      const rows = await theCluster.run('squeue', '--me', '--states', states, '--noheader', '--format=%A %j');
      return rows.split('\n').flatMap((row) => (row.includes(task) ? [row.split(' ')[0] ?? ''] : []));
    },
    async untilNoJob(task) {
      const isGone = async (): Promise<boolean> =>
        (await world.jobsOf(task, 'PD,CF,R,S,CG').catch(() => undefined))?.length === 0;
      await waitUntil('the jobs to be gone', isGone, { everyMs: 250, progress: () => log().length });
    },
    async [Symbol.asyncDispose]() {
      await evidence.close();
      for (const remove of obstacles) remove();
      for (const program of programs) program.signal('SIGKILL');
      await Promise.all([...programs].map(({ ended }) => ended));
      await theCluster.run('scancel', '--me').catch(() => undefined);
      await server.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
  return world;
}
