// Runs the demo: a server, a cluster, the program, and three tasks whose events are shown as they happen.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { User } from '../../test/support/clearml-user.ts';
import type { DemoAgent } from './agent.ts';
import { cancelJobs } from './cancel.ts';
import type { DemoCluster } from './cluster.ts';
import { commandOf, QUEUE, startProgram, startServer, workerOf } from './program.ts';
import { formatTable, summarize, readOutcomes } from './outcome.ts';
import { showEvent, showLine, showStep, showTable, showTitle } from './screen.mjs';
import { enqueueTasks, type DemoTask } from './tasks.ts';
import { watchTasks } from './watch.ts';

export interface DemoOptions {
  findCluster(): Promise<DemoCluster>;
  findAgent(): Promise<DemoAgent>;
  /** The command of clearml-agent-slurm. */
  readonly program: readonly string[];
  /** The template of the jobs, as the demo shows its path. */
  readonly template: string;
  /** The parent of a directory that other machines share with this one. */
  readonly sharedParent: string;
  /** What the demo recommends at its end. */
  readonly nextSteps: string;
  /** Whether the daemon serves its status page, which at a terminal stays open until the demo is stopped. */
  readonly hasWeb?: boolean;
  /** Aborted to end the demo early. */
  readonly stop: AbortSignal;
}

/** A busy cluster may make the tasks wait longer; the demo does not. */
const WATCH_MS = 300_000;

/** Returns whether the outcome is as expected. Everything that it started is stopped by then. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { program, template, stop, hasWeb = false } = options;
  await using cluster = await showStep(
    'Slurm',
    () => options.findCluster(),
    ({ says }) => says,
  );
  stop.throwIfAborted();
  const agent = await showStep(
    'agent',
    () => options.findAgent(),
    ({ says }) => says,
  );
  stop.throwIfAborted();
  await using folder = await makeFolder(cluster, options.sharedParent);
  await using server = await showStep(
    'ClearML',
    () => startServer(cluster),
    ({ says }) => says,
  );
  const { user } = server;
  await using deps = await showStep(
    'program',
    () => startProgram({ program, template, folder: folder.path, server, cluster, agent, hasWeb }),
    () => `clearml-agent-slurm ${commandOf(server, template).join(' ')}`,
  );

  if (hasWeb)
    await showStep(
      'web',
      () => deps.untilServed(),
      (url) => url,
    );

  showTitle('Three tasks, with the lines of their ClearML consoles:');
  const startedAt = Date.now();
  const tasks = await enqueueTasks(user, server.nameOf(QUEUE), (task, text) => {
    showEvent(Date.now() - startedAt, task.name, text);
  });
  try {
    await watchTasks({
      api: user.api,
      tasks,
      worker: workerOf(server),
      told: ({ at, task, text }) => showEvent(at - startedAt, task.name, text),
      check() {
        stop.throwIfAborted();
        if (!deps.isRunning())
          throw new Error(`clearml-agent-slurm exited too early. The end of its log:\n${deps.logTail()}`);
      },
      withinMs: WATCH_MS,
    });
  } finally {
    await cancelWhatIsLeft(user, tasks, cluster);
  }

  const outcomes = await readOutcomes(user, tasks);
  const { line, isAsExpected } = summarize(outcomes);
  showTitle('Their status on the server:');
  showTable(formatTable(outcomes));
  if (!isAsExpected) showLine(`\nThe end of the program's log:\n${deps.logTail()}`);
  showLine(isAsExpected ? `\nNext steps\n${options.nextSteps}` : '');
  showLine(line);
  if (hasWeb && (process.stdin.isTTY || process.env['DEMO_STAYS_OPEN'] === '1')) {
    showLine('\nThe status page stays open until you press Ctrl-C.');
    if (!stop.aborted) await once(stop, 'abort');
  }
  return isAsExpected;
}

interface Folder {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The folder of all files. Other machines do not share /tmp. */
async function makeFolder({ isElsewhere }: DemoCluster, sharedParent: string): Promise<Folder> {
  const parent = isElsewhere ? sharedParent : tmpdir();
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, 'demo-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

async function cancelWhatIsLeft(user: User, tasks: readonly DemoTask[], cluster: DemoCluster): Promise<void> {
  const left = (await readOutcomes(user, tasks)).filter(({ status }) => !['completed', 'failed'].includes(status));
  const jobs = left.flatMap(({ job }) => (job === '' ? [] : [job]));
  if (jobs.length > 0) await cancelJobs(cluster, jobs);
}
