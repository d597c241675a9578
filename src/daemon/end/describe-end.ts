// Describes how a job ended and why its task did not start, for the console and the status message of the task.
import { parseLimit } from '../../base/slurm-amount.ts';
import { findExitSignal, findJobExit } from '../../sbatch-template/job-script/job-exit-codes.ts';
import { JOB_STATES } from '../../slurm/job-state.ts';
import { explainReason } from '../../slurm/reasons/explain-reason.ts';
import type { Job, JobRecord } from '../../slurm/scheduler.ts';
import { onNodes } from '../console/console-messages.ts';

/** Returns how a job ended, what that means, and what to do. */
export function describeEnd(job: Job, record: JobRecord | undefined, cancelledFor?: string): string {
  if (cancelledFor !== undefined && job.state === 'CANCELLED') {
    return `Slurm job ${job.id} was cancelled${onNodes(job)} because ${cancelledFor}.`;
  }
  const exit = job.state === 'FAILED' ? describeExit(record) : '';
  return `Slurm job ${job.id} ended ${job.stateWord}${exit}${onNodes(job)}${describeState(job, record)}`;
}

/** Returns why another attempt follows a job that Slurm ended before its gate. */
export function describeEndBeforeTask(job: Job): string {
  return `job ${job.id} ended ${job.stateWord}${onNodes(job)} before the task started`;
}

/** Whether the final state alone says why the job ended. */
function hasMeaning(state: Job['state']): state is Exclude<Job['state'], 'UNKNOWN'> {
  return state !== 'UNKNOWN' && state !== 'COMPLETED' && state !== 'FAILED';
}

/** Returns what the final state means, to append to the state. */
function describeState(job: Job, record: JobRecord | undefined): string {
  const { state } = job;
  if (!hasMeaning(state)) return '.';
  if (state === 'TIMEOUT' && isBeforeTimeLimit(job, record))
    return `: Slurm ended it before its time limit (${record?.timeLimit}), because its reservation ended, or because its account or QOS has used up the time that it was granted. What to do: ask the cluster admins.`;
  // With kill_invalid_depend in slurm.conf, or --kill-on-invalid-dep: sacct names no user then.
  if (state === 'CANCELLED' && job.reason === 'DependencyNeverSatisfied' && record?.cancelledBy === undefined)
    return `: Slurm cancelled it, because ${explainReason(job.reason).explanation}.`;
  // Since 25.11, for a partition that an admin removed (`_sync_jobs_to_conf` in src/slurmctld/read_config.c). Before, the reason is NodeDown.
  if (state === 'NODE_FAIL' && job.reason === 'PartitionDown')
    return `: Slurm ended it, because its partition (${job.partition}) no longer exists. What to do: enqueue the task again with another partition, or ask the cluster admins.`;
  const known = JOB_STATES[state];
  const advice = 'advice' in known ? ` What to do: ${known.advice}.` : '';
  return `: ${known.meaning}${describeFigures(state, record)}.${advice}`;
}

/** Slurm's times are rounded, and the limit is in minutes. */
const ROUNDED_MS = 120_000;

/** Slurm ends a job as TIMEOUT at other limits too (job_time_limit() in src/slurmctld/job_mgr.c), and does not record which one it was. */
function isBeforeTimeLimit({ startAt, endedAt }: Job, record: JobRecord | undefined): boolean {
  const limitSec = parseLimit(record?.timeLimit ?? '', 'duration');
  if (limitSec === undefined || startAt === undefined || endedAt === undefined) return false;
  return endedAt - startAt + ROUNDED_MS < limitSec * 1000;
}

/** Returns the details of the end, to append to the meaning of the state. */
function describeFigures(state: Job['state'], record: JobRecord | undefined): string {
  const { timeLimit, memoryLimit, peakMemory, cancelledBy } = record ?? {};
  if (state === 'TIMEOUT' && timeLimit !== undefined) return ` of ${timeLimit}`;
  if (state === 'CANCELLED' && cancelledBy !== undefined) return ` by ${cancelledBy}`;
  if (state !== 'OUT_OF_MEMORY') return '';
  const figures = [
    ...(memoryLimit === undefined ? [] : [`limit ${memoryLimit}`]),
    ...(peakMemory === undefined ? [] : [`peak ${peakMemory}`]),
  ];
  return figures.length === 0 ? '' : ` (${figures.join(', ')})`;
}

/** Shown when Slurm requeued a job whose task a user has enqueued in another queue. */
export function describeNotResubmitted(job: Job): string {
  return `Slurm requeued job ${job.id}, but its task is now in another queue, so the job does not run the task again. Enqueue the task in the queue where it should run.`;
}

export interface NeverStartedMessage {
  readonly text: string;
  /** Appended to `text` if the log has no known message. */
  readonly guess: string;
}

/** Returns why a job ended before its agent started the task. */
export function describeNeverStarted(job: Job, record: JobRecord | undefined): NeverStartedMessage {
  const known = record?.exitCode === undefined ? undefined : findJobExit(record.exitCode);
  if (known !== undefined) {
    return {
      text: `Slurm job ${job.id} ended${onNodes(job)} before the task started: ${known.meaning} ${known.advice}`,
      guess: '',
    };
  }
  if (record?.exitSignal === 53) {
    const path = record.outputPath === undefined ? '' : ` (${record.outputPath})`;
    return {
      text: `Slurm job ${job.id} ended immediately: its output file${path} cannot be written on the node. Set --output in the template to a directory that exists on the node.`,
      guess: '',
    };
  }
  const cause = findShellExit(record);
  if (cause !== undefined)
    return { text: `${describeEnd(job, record)} clearml-agent did not start the task: ${cause}`, guess: '' };
  return {
    text: `${describeEnd(job, record)} clearml-agent did not start the task.`,
    guess:
      // Only the log says what the job did until its time limit.
      hasMeaning(job.state) && job.state !== 'TIMEOUT'
        ? ''
        : " The job's log shows the cause: for example, a command of the template failed, the node cannot reach the ClearML server, or Python is missing.",
  };
}

/** Returns what an exit code that bash itself sets means (bash(1), EXIT STATUS). */
function findShellExit(record: JobRecord | undefined): string | undefined {
  if ((record?.exitSignal ?? 0) !== 0) return undefined;
  switch (record?.exitCode) {
    case 126:
      return 'a command of the template exists on the node but cannot be executed. The log names the command; check its permissions and its architecture.';
    case 127:
      return 'a command of the template was not found on the node. The log names the command; load its module, or add its directory to PATH, before CLEARML_PRE_SETUP.';
    default:
      return undefined;
  }
}

function describeExit(record: JobRecord | undefined): string {
  if (record?.exitCode === undefined) return '';
  const { exitCode, exitSignal = 0 } = record;
  if (exitSignal !== 0) return ` (signal ${exitSignal})`;
  const signal = findExitSignal(exitCode);
  return signal === undefined ? ` (exit code ${exitCode})` : ` (exit code ${exitCode}, ${signal})`;
}
