// Prints what a task's Slurm job has written, and goes on with it while the job runs.
import { commonOptions } from '../setting-options.ts';
import { systemClock } from '../../base/clock.ts';
import { sleepUnlessStopped } from '../../base/sleep-unless-stopped.ts';
import type { TaskId } from '../../clearml/ids.ts';
import type { Transport } from '../../transport/transport.ts';
import { readUntrustedFile, type UntrustedFile, type ReadOutcome } from '../../transport/untrusted-file.ts';
import { isLive, readJobState } from '../../slurm/job-state.ts';
import type { JobId, Scheduler } from '../../slurm/scheduler.ts';
import { openCluster } from '../../assembly/open-cluster.ts';
import type { CommandContext, Typed } from '../command.ts';
import { forReader } from '../for-reader.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { findTask } from '../find-task.ts';
import { findJob, type FoundJob } from '../find-job.ts';
import { createClearml } from '../../assembly/create-clearml.ts';
import { createApp, type App } from '../../assembly/app.ts';
import { numberOption, switchOption, textOption } from '../typed-options.ts';

const USUAL_LINES = 100;
/** Of a log's end so much is read at most; lines beyond it are for whoever opens the file. */
const MOST_BYTES = 8 * 1024 * 1024;
/** The controller is asked as often. */
const READ_EVERY_MS = 5_000;

/** Returns `failed` when there is nothing to show: no job and no console, or a log that can't be read. @throws SlurmUnavailableError, what the client throws */
export async function printLog(typed: Typed, context: CommandContext): Promise<number> {
  const lines = numberOption(typed, 'lines', 1) ?? USUAL_LINES;
  const app = createApp(commonOptions(typed), context);
  try {
    const task = await findTask(app, textOption(typed, 'task'), 'logs');
    for (const cluster of app.config.settings.clusters) {
      const { host, scheduler } = await openCluster(app, cluster, app.log);
      try {
        const { stateDir } = cluster;
        const job = await findJob({ scheduler, stateDir }, task, () => lastJobOf(app, task));
        if (job === undefined) continue;
        const isFollowing = switchOption(typed, 'follow') ?? false;
        const { outputPath: path, userId: owner } = job.record;
        if (path !== undefined && owner !== undefined)
          return await print({ ...job, file: { path, owner } }, { host, scheduler, context, lines, isFollowing });
        if (job.record.isOutputInDoubt === true) {
          context.stderr(
            `Slurm's record of job ${job.id} leaves in doubt where the job writes: see scontrol show job ${job.id}.\n`,
          );
          return await printConsole(app, context, task, lines);
        }
        context.stderr(
          `Slurm no longer knows where job ${job.id} wrote its log: it forgets that some minutes after the job's end. The file is where --output of the template points; without one it is slurm-${job.id}.out in the folder where the daemon was started.\n`,
        );
        return await printConsole(app, context, task, lines);
      } finally {
        await host.close();
      }
    }
    context.stderr(
      `No Slurm job of task ${task} is known here: it was not submitted yet, or Slurm has forgotten the job. See clearml-agent-slurm status.\n`,
    );
    return await printConsole(app, context, task, lines);
  } finally {
    await app.closeLog();
  }
}

/** What ClearML has of a task whose log is not to be had: the agent sends most of what it writes there too. */
async function printConsole(app: App, context: CommandContext, task: TaskId, lines: number): Promise<number> {
  const clearml = createClearml(app);
  try {
    await clearml.connect();
    const events = await clearml.events.read(task, { last: lines });
    if (events.length === 0) return EXIT.failed;
    context.stderr("The end of the task's console in ClearML:\n");
    const text = events.map((event) => (event.text.endsWith('\n') ? event.text : `${event.text}\n`)).join('');
    context.stdout(forReader(context, lastLines(text, lines)));
    return EXIT.ok;
  } finally {
    await clearml.close();
  }
}

/** The user property that the daemon sets when it submits a job. */
async function lastJobOf(app: App, task: TaskId): Promise<string | undefined> {
  const clearml = createClearml(app);
  try {
    await clearml.connect();
    return (await clearml.tasks.get(task))?.task.slurmJob;
  } finally {
    await clearml.close();
  }
}

interface Printing {
  readonly host: Transport;
  readonly scheduler: Scheduler;
  readonly context: CommandContext;
  readonly lines: number;
  readonly isFollowing: boolean;
}

interface WrittenLog extends FoundJob {
  readonly file: UntrustedFile;
}

async function print({ id, record, file }: WrittenLog, printing: Printing): Promise<number> {
  const { host, context, lines, isFollowing } = printing;
  const { path } = file;
  context.stderr(`Slurm job ${id} (${record.stateWord}) writes to ${path} on ${host.name}.\n`);
  const first = await readUntrustedFile(host, file, { from: -MOST_BYTES, most: MOST_BYTES });
  let shown = '';
  const show = (text: string): void => {
    shown = forReader(context, text);
    context.stdout(shown);
  };
  if (first.kind === 'read') show(lastLines(first.text, lines));
  const last = isFollowing ? await goOn(id, file, first, { ...printing, show }) : first;
  // The prompt of the shell would stand behind it.
  if (context.isTerminal && shown !== '' && !shown.endsWith('\n')) context.stdout('\n');
  if (last.kind === 'read') return EXIT.ok;
  context.stderr(
    last.kind === 'refused'
      ? `${path} is not shown because it ${last.why}: a job's log is a regular file of the job's own user.\n`
      : `${path} can't be read on ${host.name}: the job has not started yet, or its node writes to a folder that is not shared. Look at it on the node.\n`,
  );
  return EXIT.failed;
}

/** Prints what is added until the job has ended. Returns the last part that could be read, else why none could. */
async function goOn(
  id: JobId,
  file: UntrustedFile,
  first: ReadOutcome,
  printing: Printing & { readonly show: (text: string) => void },
): Promise<ReadOutcome> {
  const { host, scheduler, context, show } = printing;
  let last = first;
  for (let isOver = false; !isOver;) {
    await sleepUnlessStopped(systemClock, READ_EVERY_MS, context.stop);
    if (context.stop.aborted) break;
    // Asked before the file is read, so that nothing is missed of what the job wrote last.
    const record = await scheduler.record(id);
    isOver = record === undefined || !isLive(readJobState(record.stateWord));
    const from = last.kind === 'read' ? last.end : 0;
    const part = await readUntrustedFile(host, file, { from, most: MOST_BYTES });
    if (part.kind === 'read' && part.text !== '') show(part.text);
    if (part.kind === 'read' || last.kind !== 'read') last = part;
  }
  return last;
}

function lastLines(text: string, count: number): string {
  const lines = text.split(/(?<=\n)/);
  return lines.slice(-count).join('');
}
