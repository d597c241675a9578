// Runs the demo: a server, a cluster, the program, and three tasks whose events are shown as they happen.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { User } from '../../test/e2e/api.ts';
import { findAgent } from './agent.ts';
import { cancelJobs } from './cancel.ts';
import { findCluster, type DemoCluster } from './cluster.ts';
import { commandOf, QUEUE, startProgram, startServer, workerOf } from './program.ts';
import type { Installer } from './installer.ts';
import { formatTable, summarize, readOutcomes } from './outcome.ts';
import { showEvent, showLine, showStep, showTable, showTitle } from './screen.mjs';
import { enqueueTasks, type DemoTask } from './tasks.ts';
import { watchTasks } from './watch.ts';

export interface DemoOptions {
  /** Whether to use stand-ins even if the real programs exist. */
  readonly standIns: boolean;
  readonly installer: Installer;
  /** Aborted to end the demo early. */
  readonly stop: AbortSignal;
}

/** A busy cluster may make the tasks wait longer; the demo does not. */
const WATCH_MS = 300_000;

const NEXT_STEPS = `
Next steps
  examples/demo/demo.template   the sbatch template of these jobs
  README.md                     your own server and cluster
  docs/templates.md             how to write a template
`;

/** Returns whether the outcome is as expected. Everything that it started is stopped by then. */
export async function runDemo({ standIns, installer, stop }: DemoOptions): Promise<boolean> {
  await using cluster = await showStep(
    'Slurm',
    () => findCluster({ standIn: standIns, installer }),
    ({ says }) => says,
  );
  stop.throwIfAborted();
  const agent = await showStep(
    'agent',
    () => findAgent({ standIn: standIns, installer }),
    ({ says }) => says,
  );
  stop.throwIfAborted();
  await using folder = await makeFolder(cluster);
  await using server = await showStep(
    'ClearML',
    () => startServer(cluster),
    ({ says }) => says,
  );
  const { user } = server;
  await using deps = await showStep(
    'program',
    () => startProgram(folder.path, server, cluster, agent),
    () => `clearml-agent-slurm ${commandOf(server).join(' ')}`,
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
  showLine(isAsExpected ? NEXT_STEPS : '');
  showLine(line);
  return isAsExpected;
}

interface Folder {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The folder of all files. Other machines may share this checkout, but not /tmp. */
async function makeFolder({ isElsewhere }: DemoCluster): Promise<Folder> {
  const parent = isElsewhere ? resolve('.test-cache') : tmpdir();
  await mkdir(parent, { recursive: true });
  const path = await mkdtemp(join(parent, 'demo-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

async function cancelWhatIsLeft(user: User, tasks: readonly DemoTask[], cluster: DemoCluster): Promise<void> {
  const left = (await readOutcomes(user, tasks)).filter(({ status }) => !['completed', 'failed'].includes(status));
  const jobs = left.flatMap(({ job }) => (job === '' ? [] : [job]));
  if (jobs.length > 0) await cancelJobs(cluster, jobs);
}
