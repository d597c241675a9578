// What a task's console is told: each text names the job, the fact, and what to do next.
import type { ConsoleLevel } from '../clearml/client.ts';
import { JOB_STATES } from '../slurm/job-state.ts';
import { explainReason } from '../slurm/reasons.ts';
import type { Job, JobRecord } from '../slurm/scheduler.ts';
import { findJobExit } from './job-exit.ts';

export interface WaitWords {
  /** Changes when, and only when, the text is worth saying again. */
  readonly key: string;
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** Why a job waits, in words a person understands, with Slurm's estimate where it has one. */
export function describeWait(job: Job, now: number): WaitWords {
  const reason = explainReason(job.reason);
  const start =
    job.startAt !== undefined && job.startAt > now
      ? ` Slurm expects to start it around ${formatTime(job.startAt)}.`
      : '';
  const advice = reason.advice === undefined ? '' : ` ${reason.advice}`;
  return {
    // An estimate moves with every scheduling cycle: it alone is no news.
    key: `${job.id}:${job.partition}:${job.reason ?? ''}`,
    level: reason.class === 'waits' ? 'INFO' : 'WARNING',
    text: `Slurm job ${job.id} waits in partition ${job.partition}: ${reason.says}${job.reason === undefined ? '' : ` (${job.reason})`}.${start}${advice}`,
  };
}

/** How a job ended, what that means, and what to do about it. */
export function describeEnd(job: Job, record: JobRecord | undefined, cancelledFor?: string): string {
  const where = job.nodes === undefined ? '' : ` on ${job.nodes}`;
  const exit = describeExit(job, record);
  if (cancelledFor !== undefined && job.state === 'CANCELLED') {
    return `Slurm job ${job.id} was cancelled${where}: ${cancelledFor}.`;
  }
  const meaning = job.state === 'UNKNOWN' ? undefined : JOB_STATES[job.state];
  const limit = job.state === 'TIMEOUT' && record?.timeLimit !== undefined ? ` of ${record.timeLimit}` : '';
  const says = meaning === undefined ? '' : `: it ${meaning.says}${limit}`;
  const advice = meaning !== undefined && 'advice' in meaning ? ` What to do: ${meaning.advice}.` : '';
  return `Slurm job ${job.id} ended ${job.stateWord}${exit}${where}${says}.${advice}`;
}

/** Why nothing of the task ran, when a job ended before its agent began. */
export function describeNeverBegan(job: Job, record: JobRecord | undefined): string {
  const known = record?.exitCode === undefined ? undefined : findJobExit(record.exitCode);
  if (known !== undefined) {
    const where = job.nodes === undefined ? '' : ` on ${job.nodes}`;
    return `Slurm job ${job.id} ended${where} before the task began: ${known.says} ${known.advice}`;
  }
  if (record?.exitSignal === 53) {
    const path = record.outputPath === undefined ? '' : ` (${record.outputPath})`;
    return `Slurm job ${job.id} ended at once: its output file${path} could not be written on the node. Set --output in the template to a folder that exists there.`;
  }
  return `${describeEnd(job, record)} clearml-agent never began the task; the job's log tells why: a command of the template that failed, no route from the node to the ClearML server, or no Python.`;
}

function describeExit(job: Job, record: JobRecord | undefined): string {
  if (record?.exitCode === undefined || job.state === 'COMPLETED') return '';
  return record.exitSignal === undefined || record.exitSignal === 0
    ? ` (exit code ${record.exitCode})`
    : ` (signal ${record.exitSignal})`;
}

/** A moment as the cluster's people write it, in UTC, to the minute. */
function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
