// A test bed for tests of the agent: a sandbox, the clearml.conf that it printed, and a Python whose programs are run there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { formatClientConf } from '../../src/sandbox/client-conf.ts';
import { offerEvidence } from '../support/evidence.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openSandbox, type OpenSandbox } from './open-sandbox.ts';

export interface ProgramResult {
  readonly code: number | null;
  readonly output: string;
}

export interface RunningProgram {
  readonly ended: Promise<ProgramResult>;
  readonly interrupt: () => void;
}

/** A machine on which a user has just written the clearml.conf that the sandbox printed. */
export interface AgentTestBed {
  readonly sandbox: OpenSandbox;
  readonly folder: string;
  /** Starts a program that lies beside the given Python. */
  start(program: string, ...args: readonly string[]): RunningProgram;
  python(script: string): Promise<ProgramResult>;
  makeTask(code: string, more?: Record<string, unknown>): Promise<string>;
  enqueue(task: string): Promise<string>;
  console(task: string): Promise<string>;
  /** Waits for what a program of the test causes; fails if none is running. So do the following two. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  untilStatus(task: string, status: string): Promise<void>;
  untilConsole(task: string, text: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The SDK's reporting subprocess sometimes misses the end of its parent (seen with 2.1.12), and both then wait forever. */
const SDK_WITHOUT_SUBPROCESS = 'sdk.development.report_use_subprocess: false';

/**
 * @param givenPython the path of a Python with clearml-agent, real or not
 * @param variables more of them for everything that is started there
 */
export async function openAgentTestBed(
  givenPython: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<AgentTestBed> {
  const folder = await mkdtemp(join(tmpdir(), 'desk-'));
  const sandbox = await openSandbox();
  const conf = join(folder, 'clearml.conf');
  await writeFile(conf, `${formatClientConf(sandbox)}\n${SDK_WITHOUT_SUBPROCESS}\n`);
  const running = new Set<RunningProgram>();

  function start(program: string, ...args: readonly string[]): RunningProgram {
    const child = spawn(join(dirname(givenPython), program), args, {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        TMPDIR: folder,
        CLEARML_CONFIG_FILE: conf,
        CLEARML_WORKER_ID: 'desk:1',
        CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1',
        CLEARML_AGENT_PROPAGATE_EXITCODE: '1',
        CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '1',
        CLEARML_AGENT__AGENT__DISABLE_AGENT_UPDATE_CHECK: 'true',
        CLEARML_AGENT__AGENT__VENVS_DIR: join(folder, 'venvs'),
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const started: RunningProgram = {
      ended: once(child, 'close')
        .finally(() => running.delete(started))
        .then(() => ({ code: child.exitCode, output })),
      interrupt: () => child.kill('SIGTERM'),
    };
    running.add(started);
    outputs.push(() => `${program} ${args.join(' ')} (${running.has(started) ? 'running' : 'ended'}):\n${output}`);
    return started;
  }

  const outputs: (() => string)[] = [];
  const evidence = offerEvidence({ read: () => Promise.resolve(outputs.map((output) => output())) });

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    await waitUntil(what, isSo, {
      hopeless: () => (running.size === 0 ? 'no program of the test is running' : undefined),
    });
  }

  async function readConsole(task: string): Promise<string> {
    const { events } = await sandbox.ok('events.get_task_log', { task, order: 'asc' });
    return JSON.stringify(events);
  }

  return {
    sandbox,
    folder,
    start,
    python: async (script) => {
      await writeFile(join(folder, 'script.py'), script);
      return start('python', 'script.py').ended;
    },
    makeTask: (code, more = {}) =>
      sandbox.makeTask({
        script: { binary: 'python3', entry_point: 'task.py', working_dir: '.', diff: code },
        ...more,
      }),
    enqueue: async (task) => {
      const answer = await sandbox.ok('tasks.enqueue', { task });
      expect(answer).to.include({ queued: 1 });
      return task;
    },
    console: readConsole,
    until,
    untilStatus: (task, status) =>
      until(`task ${task} to be ${status}`, async () => (await sandbox.statusOf(task)) === status),
    untilConsole: (task, text) =>
      until(`the console to say "${text}"`, async () => (await readConsole(task)).includes(text)),
    [Symbol.asyncDispose]: async () => {
      await evidence.close();
      for (const { interrupt } of running) interrupt();
      await Promise.all([...running].map(({ ended }) => ended));
      await sandbox.close();
      // A process that the agent has left may still write there.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
