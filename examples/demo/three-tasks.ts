// The demo itself: a server, a cluster, the program, and three tasks whose way is shown as it happens.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { User } from '../../test/e2e/api.ts';
import { findAgent } from './agent.ts';
import { cancelJobs } from './cancel.ts';
import { findCluster, type DemoCluster } from './cluster.ts';
import { commandOf, QUEUE, startGlue, startServer, workerOf } from './glue.ts';
import type { Installer } from './installing.ts';
import { formatTable, judge, readOutcomes } from './outcome.ts';
import { showEvent, showLine, showStep, showTable, showTitle } from './screen.mjs';
import { enqueueTasks, type DemoTask } from './tasks.ts';
import { watchTasks } from './watch.ts';

export interface DemoOptions {
  /** Whether stand-ins are used although the real things may be there. */
  readonly standIns: boolean;
  readonly installer: Installer;
  /** Aborted when the demo is to end early. */
  readonly stop: AbortSignal;
}

/** A busy cluster may let the tasks wait, but nobody watches for longer. */
const WATCH_MS = 120_000;

const LOOK_NEXT = `
Look next at
  examples/demo/demo.template   the sbatch template of these three jobs
  README.md                     the same with your own server and cluster
  docs/templates.md             what a template can say
`;

/** Returns whether the server says what it should. Whatever it started is stopped by then. */
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
    () => startGlue(folder.path, server, cluster, agent),
    () => `clearml-agent-slurm ${commandOf(server).join(' ')}`,
  );

  showTitle('Three tasks, and what their consoles in ClearML tell of them:');
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
          throw new Error(`clearml-agent-slurm ended too early. Its last words:\n${deps.logTail()}`);
      },
      withinMs: WATCH_MS,
    });
  } finally {
    await cancelWhatIsLeft(user, tasks, cluster);
  }

  const outcomes = await readOutcomes(user, tasks);
  const { line, isAsExpected } = judge(outcomes);
  showTitle('What the server says of them now:');
  showTable(formatTable(outcomes));
  if (!isAsExpected) showLine(`\nThe last lines of the program's log:\n${deps.logTail()}`);
  showLine(isAsExpected ? LOOK_NEXT : '');
  showLine(line);
  return isAsExpected;
}

interface Folder {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For everything that is written. Other machines may see this checkout, but never our /tmp. */
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
