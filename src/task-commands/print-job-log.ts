// Finds the Slurm job of a task, prints its log, and follows the log while the job runs.
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { JobId, Scheduler, JobRecord } from '../slurm/scheduler.ts';
import { anyOf } from '../base/abort-with.ts';
import { systemClock, sleepUnlessStopped } from '../base/clock.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { Transport } from '../transport/transport.ts';
import { readUntrustedFile, type UntrustedFile, type ReadOutcome } from '../transport/read-untrusted-file.ts';
import { capitalized } from '../base/terminal-text.ts';
import { isTransportError, SlurmUnavailableError } from '../slurm/errors.ts';
import { isLive, parseJobState } from '../slurm/job-state.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { isOfCluster, openCluster, type ClusterSide } from '../assembly/open-cluster.ts';
import { findTask } from './find-task.ts';
import { withClearml } from '../assembly/clearml-from-config.ts';
import type { App } from '../assembly/app.ts';
import { chooseJob } from '../daemon/decide/decide.ts';
import { lastJobOf } from '../daemon/end/status-reasons.ts';
import { journalEntries } from '../daemon/journal/journal-lines.ts';
import { oneTaskStateDir } from '../daemon/serve/derive-names-and-job-settings.ts';
import { byTask } from '../daemon/poll/poll.ts';
import { isRecordOfTask } from '../daemon/users/jobs-of-task.ts';

/** The longest part of the log that is read, from its end. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Also the interval of queries to the controller. */
const READ_EVERY_MS = 5_000;

export interface LogOptions {
  /** The task as the user named it. */
  readonly task: string | undefined;
  readonly lines: number;
  readonly follow: boolean;
}

export interface LogOutput {
  /** Messages. */
  readonly stderr: (text: string) => void;
  /** The log; returns the text that was printed. */
  readonly print: (text: string) => string;
  /** Whether the last line must be ended, so that the shell prompt starts on a new one. */
  readonly endsLines: boolean;
  /** Aborted when no process reads the log any more; undefined: a process always does. */
  readonly closed?: AbortSignal | undefined;
}

/** Returns false if there is nothing to print: no job and no console, or an unreadable log. @throws SlurmUnavailableError, and what the client throws */
export async function printJobLog(
  app: App,
  { task: named, lines, follow }: LogOptions,
  output: LogOutput,
): Promise<boolean> {
  const task = await findTask(app, named, 'logs');
  let unusable: Error | undefined;
  for (const cluster of app.config.settings.clusters) {
    let found: JobOnCluster | undefined;
    try {
      found = await findJobOnCluster(app, cluster, task);
    } catch (error) {
      if (!isOfCluster(error)) throw error;
      unusable ??= error;
    }
    if (found === undefined) continue;
    const { job, host, scheduler } = found;
    try {
      const { outputPath: path, userId: owner } = job.record;
      if (path !== undefined && owner !== undefined)
        return await print(
          { ...job, file: { path, owner } },
          { host, scheduler, stop: anyOf(app.context.stop, output.closed), output, lines, follow },
        );
      output.stderr(
        job.record.isOutputInDoubt === true
          ? `Slurm's record of job ${job.id} is ambiguous about its log: see scontrol show job ${job.id}.\n`
          : `Slurm no longer knows the path of the log of job ${job.id}: it forgets the path minutes after the job's end. See --output in the template; by default, the log is slurm-${job.id}.out in the directory where the daemon was started.\n`,
      );
      return await printConsole(app, output, task, lines);
    } finally {
      await host.close();
    }
  }
  if (unusable !== undefined) throw unusable;
  output.stderr(
    `No Slurm job of task ${task} is known here: it is not submitted yet, or Slurm has forgotten the job. See clearml-agent-slurm status.\n`,
  );
  return printConsole(app, output, task, lines);
}

interface JobOnCluster extends ClusterSide {
  readonly job: FoundJob;
}

/** Undefined if this cluster has no job of the task. The caller closes the host. @throws the errors of `isOfCluster`, and what the client throws */
async function findJobOnCluster(app: App, cluster: ClusterSettings, task: TaskId): Promise<JobOnCluster | undefined> {
  const side = await openCluster(app, cluster, app.log);
  let job: FoundJob | undefined;
  try {
    const { stateDir } = cluster;
    job = await findJob({ ...side, stateDir }, task, () => readLastJob(app, task));
    return job && { ...side, job };
  } finally {
    if (job === undefined) await side.host.close();
  }
}

/** The console in ClearML, for a task without a readable log: the agent sends most of its output there too. */
async function printConsole(app: App, output: LogOutput, task: TaskId, lines: number): Promise<boolean> {
  const events = await withClearml(app, (clearml) => clearml.events.read(task, { last: lines }));
  if (events.length === 0) return false;
  output.stderr("The end of the task's console in ClearML:\n");
  const text = events.map((event) => (event.text.endsWith('\n') ? event.text : `${event.text}\n`)).join('');
  output.print(lastLines(text, lines));
  return true;
}

/** By the user property that the daemon sets when it submits a job. */
function readLastJob(app: App, id: TaskId): Promise<string | undefined> {
  return withClearml(app, async ({ tasks }) => {
    const read = await tasks.get(id);
    return read && lastJobOf(read.task);
  });
}

interface Printing {
  readonly host: Transport;
  readonly scheduler: Scheduler;
  readonly stop: AbortSignal;
  readonly output: LogOutput;
  readonly lines: number;
  readonly follow: boolean;
}

interface WrittenLog extends FoundJob {
  readonly file: UntrustedFile;
}

async function print(log: WrittenLog, printing: Printing): Promise<boolean> {
  const { id, record, file } = log;
  const { host, output, lines, follow } = printing;
  const { path } = file;
  output.stderr(`Log of Slurm job ${id} (${record.stateWord}): ${path} on ${host.name}\n`);
  const first = await readUntrustedFile(host, file, { from: -MOST_BYTES, max: MOST_BYTES });
  let shown = '';
  const show = (text: string): void => {
    shown = output.print(text);
  };
  if (first.kind === 'read') show(lastLines(first.text, lines));
  const last = follow ? await followLog(log, first, { ...printing, show }) : first;
  // Otherwise the prompt of the shell would be on the same line.
  if (output.endsLines && shown !== '' && !shown.endsWith('\n')) output.print('\n');
  if (last.kind === 'read') return true;
  output.stderr(`${path} ${describeUnread(last, host.name)}\n`);
  return false;
}

function describeUnread(outcome: Exclude<ReadOutcome, { kind: 'read' }>, host: string): string {
  switch (outcome.kind) {
    case 'refused':
      return `is not shown because it ${outcome.why}: a job's log must be a regular file of the job's own user.`;
    case 'too slow':
      return `could not be read in time on ${host}: the host or its file system is busy. Try again.`;
    default:
      return `cannot be read on ${host}: the job has not started yet, or its node writes to a directory that is not shared. Read it on the node.`;
  }
}

/**
 * Prints new output until the job has ended: a job may run for days, and an outage of Slurm or of the login node does not end it. Returns
 * the last part that was read, or the error.
 */
async function followLog(
  { id, file, runAs }: WrittenLog,
  first: ReadOutcome,
  printing: Printing & { readonly show: (text: string) => void },
): Promise<ReadOutcome> {
  const { host, scheduler, stop, show, output } = printing;
  let last = first;
  const outage = { isReported: false };

  /** Returns whether the job has ended. */
  async function showNew(): Promise<boolean> {
    // Queried before the file is read, so that the last output is not missed.
    const record = await scheduler.record(id, { runAs });
    const from = last.kind === 'read' ? last.end : 0;
    const part = await readUntrustedFile(host, file, { from, max: MOST_BYTES });
    if (part.kind === 'read' && part.text !== '') show(part.text);
    if (part.kind === 'read' || last.kind !== 'read') last = part;
    const isWhole = part.kind !== 'read' || part.end - part.start < MOST_BYTES;
    return isWhole && (record === undefined || !isLive(parseJobState(record.stateWord)));
  }

  for (let isOver = false; !isOver;) {
    await sleepUnlessStopped(systemClock, READ_EVERY_MS, stop);
    if (stop.aborted) break;
    try {
      isOver = await showNew();
      outage.isReported = false;
    } catch (error) {
      if (!(error instanceof SlurmUnavailableError || isTransportError(error))) throw error;
      if (!outage.isReported) output.stderr(`${capitalized(error.message)}; still following the log of job ${id}.\n`);
      outage.isReported = true;
    }
  }
  return last;
}

function lastLines(text: string, count: number): string {
  const lines = text.split(/(?<=\n)/);
  return lines.slice(-count).join('');
}

interface FoundJob {
  readonly id: JobId;
  readonly record: JobRecord;
  /** Its Unix user; undefined: the user of the daemon. */
  readonly runAs?: UnixAccount;
}

/**
 * undefined if this cluster has no job of the task.
 * @param lastKnown the job that ClearML knows, called only if nothing else is known
 * @throws SlurmUnavailableError
 */
export async function findJob(
  { scheduler, stateDir }: { readonly scheduler: Pick<Scheduler, 'list' | 'record'>; readonly stateDir: string },
  task: TaskId,
  lastKnown: () => Promise<string | undefined>,
): Promise<FoundJob | undefined> {
  const entry =
    (await journalEntries(stateDir)).get(task) ?? (await journalEntries(oneTaskStateDir({ stateDir }, task))).get(task);
  const runAs = entry?.unixUser;
  const list = await scheduler.list(undefined, runAs === undefined ? [] : [runAs]);
  const named = (list.kind === 'listed' ? byTask(list.jobs).get(task) : undefined) ?? [];
  const jobs = named.filter(({ unixUser }) => unixUser === runAs?.name);
  const id = chooseJob({ jobs, task: undefined, entry: entry ?? {} })?.id ?? entry?.jobId ?? (await lastKnown());
  if (id === undefined) return undefined;
  const record = await scheduler.record(id as JobId, { runAs });
  const isOthersJob = entry?.isOthersJob === true && entry.jobId === id;
  if (record === undefined || !isRecordOfTask(record, { task, isOthersJob })) return undefined;
  return { id: id as JobId, record, ...(runAs === undefined ? {} : { runAs }) };
}
