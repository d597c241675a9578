// Renders a template with its blocks, and runs the script with bash as Slurm would: with a job id and little else.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { renderBlocks, type JobFacts } from '../../src/sbatch-template/job-script/render-blocks.ts';
import type { ContainerFacts } from '../../src/sbatch-template/containers/plan-singularity-image-and-options.ts';
import { offerEvidence } from '../support/evidence.ts';
import { waitUntil } from '../support/wait-until.ts';

export const TASK = '3f2a60c1b44e4d0f9a6b7e8d9c0a1b2c';

/** As in the first example of ClearML's documentation, with a command between each two blocks. */
export const PLAIN_TEMPLATE = `#!/bin/bash
\${CLEARML_PRE_SETUP}
echo 'before the agent'
\${CLEARML_AGENT_EXECUTE}
echo 'after the agent'
\${CLEARML_POST_SETUP}
`;

export function jobFacts(overrides: Partial<JobFacts> = {}): JobFacts {
  return {
    taskId: TASK,
    jobName: `clearml_task_${TASK}-1`,
    schedulerQueueId: '0123456789abcdef0123456789abcdef',
    queueId: 'abcdef0123456789abcdef0123456789',
    agentVersion: '3.0.3',
    workerPrefix: 'login1:slurm',
    ...overrides,
  };
}

/** A container with no options, of an image that is not pulled by the job. */
export function containerFacts(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return {
    image: '/images/torch.sif',
    imageName: '/images/torch.sif',
    siteImages: [],
    pulledImage: undefined,
    forcePull: false,
    runtime: 'singularity',
    ssh: false,
    options: [],
    environment: [],
    setUp: '',
    ...overrides,
  };
}

/** Only puts the blocks in: what the template room does with values and places is tested there. */
export function fillIn(template: string, facts: JobFacts): string {
  const blocks = renderBlocks(facts);
  return template
    .replace('${CLEARML_PRE_SETUP}', () => blocks.preSetup)
    .replace(/^.*\$\{CLEARML_AGENT_EXECUTE\}/m, (command) => `${blocks.beforeAgent ?? ''}${command}`)
    .replace('${CLEARML_AGENT_EXECUTE}', () => blocks.agentExecute)
    .replace('${CLEARML_POST_SETUP}', () => blocks.postSetup);
}

export interface JobRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started job. */
export interface StartedJob {
  readonly process: ChildProcess;
  readonly ended: Promise<JobRun>;
  /** Its stdout so far. */
  seen(): string;
  /** Resolves when its output so far, of this stream, has this text. @throws Error if the job ends before */
  printed(text: string, where?: 'stdout' | 'stderr'): Promise<void>;
  /** Waits until this is so; fails if the job ends before. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>;
}

/** A node with a home directory, a directory for temporary files and a stand-in for Python, which records its calls. */
export interface Node {
  readonly home: string;
  readonly tmp: string;
  /** A stand-in for Python, which has clearml-agent by default. */
  readonly python: string;
  start(script: string, env?: Readonly<Record<string, string>>): StartedJob;
  run(script: string, env?: Readonly<Record<string, string>>): Promise<JobRun>;
  /** The calls of the stand-in, one in each line. */
  calls(): string[];
  /** The files that jobs have left in the directory for temporary files. */
  leftovers(): string[];
  /** Kills the jobs that still run: what they wait for never happens. */
  remove(): void;
}

/** Of jobs, for a failed test: the others ended before. */
const MOST_OUTPUTS = 3;

export function createNode(): Node {
  const folder = mkdtempSync(join(tmpdir(), 'job-'));
  const home = join(folder, 'home');
  const tmp = join(folder, 'tmp');
  const log = join(folder, 'asked');
  for (const path of [home, tmp]) mkdirSync(path);
  writeFileSync(join(home, 'clearml.conf'), 'api { api_server: "http://127.0.0.1:9" }\n', { mode: 0o644 });
  writeFileSync(log, '');

  const python = resolve('test/fixtures/job/python');
  const outputs: (() => string)[] = [];
  const running = new Set<ChildProcess>();
  const evidence = offerEvidence({
    read: () => Promise.resolve(outputs.slice(-MOST_OUTPUTS).map((output) => output())),
  });

  function start(script: string, env: Readonly<Record<string, string>> = {}): StartedJob {
    const path = join(mkdtempSync(join(folder, 'spool-')), 'slurm_script');
    writeFileSync(path, script);
    const child = spawn('bash', [path], {
      env: { PATH: '/usr/bin:/bin', HOME: home, TMPDIR: tmp, SLURM_JOB_ID: '4711', STAND_IN_LOG: log, ...env },
      cwd: folder,
      // A separate process group, so that a signal can be sent to all processes, as Slurm does.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const seen = { stdout: '', stderr: '' };
    for (const where of ['stdout', 'stderr'] as const)
      child[where].setEncoding('utf8').on('data', (chunk: string) => (seen[where] += chunk));
    running.add(child);
    const ended = once(child, 'close').then(() => {
      running.delete(child);
      return { exitCode: child.exitCode, ...seen };
    });
    outputs.push(() => {
      const state = running.has(child) ? 'runs' : `ended with ${String(child.exitCode)}`;
      return `the job ${state}; its stdout:\n${seen.stdout}\nits stderr:\n${seen.stderr}`;
    });

    async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
      await waitUntil(what, isSo, {
        everyMs: 10,
        hopeless: () => (running.has(child) ? undefined : 'the job has ended'),
        progress: () => seen.stdout.length + seen.stderr.length,
      });
    }

    return {
      process: child,
      ended,
      seen: () => seen.stdout,
      until,
      printed: (expected, where = 'stdout') =>
        until(`the job to print "${expected}"`, () => seen[where].includes(expected)),
    };
  }

  return {
    home,
    tmp,
    python,
    start,
    run: (script, env) => start(script, env).ended,
    calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean),
    leftovers: () => readdirSync(tmp),
    remove() {
      void evidence.close();
      for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
