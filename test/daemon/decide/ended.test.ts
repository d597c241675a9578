// Tests rows of the decision table: the job has ended.
import type { QueueId } from '../../../src/clearml/ids.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, TASK, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const ELSE = { lastWorker: 'peer:0' };
const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
/** A cancelled job that a peer submitted. */
const PEERS = {
  jobs: [jobOf('CANCELLED', { name: formatJobName(TASK, newAttempt(NOW, 'peer1', '0000')) })],
  hasPeers: true,
  mark: 'mark0',
};
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('an ended job whose task has ended', [
  {
    title: 'finishes when job and task completed',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed') },
    done: ['forget', 'log'],
  },
  {
    title: "explains a failed job with Slurm's record",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed') },
    done: ['read-record'],
  },
  {
    title: 'finishes when job and task failed',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: recordOf({ exitCode: 3 }) },
    done: ['forget', 'log'],
  },
  {
    title: 'finishes when Slurm has no record any more',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: 'gone' },
    done: ['forget', 'log'],
  },
  {
    title: 'C-12 keeps the status of a task that the user aborted',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('stopped') },
    done: ['forget', 'log'],
  },
  {
    title: 'forgets an ended job of a deleted task',
    seen: { jobs: [jobOf('COMPLETED')], task: undefined },
    done: ['forget'],
  },
]);

describeRows('an ended job whose task is in progress', [
  {
    title: 'C-13 waits for the status that the agent sets',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), record: recordOf() },
    done: ['note'],
  },
  {
    title: 'decides by the log of a completed job after the grace period',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited, record: recordOf() },
    done: ['end completed by the log'],
  },
  {
    title: 'reads the record first, which has the path of the log',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited },
    done: ['read-record'],
  },
  {
    title: 'leaves a task alone that another job may run',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress', ELSE), record: recordOf(), entry: waited },
    done: [],
  },
  {
    title: 'ends the task when no report came for long',
    seen: {
      jobs: [jobOf('NODE_FAIL')],
      task: taskOf('in_progress', { ...ELSE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'forgets a task that runs in another queue',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, ...ELSE, lastUpdate: 0 }),
      record: recordOf(),
      entry: waited,
    },
    done: ['forget'],
  },
  {
    title: 'ends our run of a task that was enqueued elsewhere before its agent started',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'leaves a task alone that an agent elsewhere may have started without a report yet',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', ELSEWHERE),
      record: recordOf(),
      entry: waited,
    },
    done: [],
  },
  {
    title: 'takes a report of one rank for a report of the job',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'login2:slurm:7:0' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  ...['FAILED', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED'].map((word) => ({
    title: `fails a task in progress whose job ended ${word}`,
    seen: { jobs: [jobOf(word)], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end failed'],
  })),
  {
    title: 'stops a task in progress whose job was CANCELLED',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'C-09 stops an aborted task whose job ended, whatever its state',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end stopped'],
  },
]);

describeRows("an ended job whose agent took Slurm's SIGTERM for an abort", [
  ...['TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED', 'NODE_FAIL', 'FAILED'].map((word) => ({
    title: `C-12 fails a task with "user abort" whose job ended ${word}`,
    seen: { jobs: [jobOf(word)], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end failed'],
  })),
  {
    title: 'corrects the reason after a manual scancel',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'does not correct the status that another agent set',
    seen: { jobs: [jobOf('TIMEOUT')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }), record: recordOf() },
    done: ['forget', 'log'],
  },
  {
    title: 'corrects nothing for a job that we cancelled for the user',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'the task was reset' }),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'corrects nothing for a task whose abort request was seen, whatever sent the SIGTERM',
    seen: {
      jobs: [jobOf('PREEMPTED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['forget', 'log'],
  },
]);

describeRows('an ended job whose task never started', [
  {
    title: 'S-40 finishes a job that completed before our scancel',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed'), entry: entryOf({ cancelledFor: 'it was aborted' }) },
    done: ['forget', 'log'],
  },
  {
    title: 'C-29 fails the task of a job that ended before its agent started',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf() },
    done: ['end failed'],
  },
  {
    title: 'waits for the job of a peer that may have parked the task again after our job ended',
    seen: { jobs: [jobOf('COMPLETED')], place: 'parked', record: recordOf(), hasPeers: true },
    done: ['note'],
  },
  {
    title: 'fails the task when no job of a peer shows up',
    seen: { jobs: [jobOf('COMPLETED')], place: 'parked', record: recordOf(), hasPeers: true, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'fails the task of a job that took the entry and died, after a grace period',
    seen: { jobs: [jobOf('FAILED')], record: recordOf(), entry: waited },
    done: ['end failed'],
  },
  {
    title: 'stops the task of a pending job after a manual scancel',
    seen: { jobs: [jobOf('CANCELLED')], place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'waits for the peer that submitted the cancelled job',
    seen: { ...PEERS, place: 'parked', record: recordOf() },
    done: ['note'],
  },
  {
    title: 'stops the task when the peer does nothing',
    seen: { ...PEERS, place: 'parked', record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'stops the task of our own cancelled job, whatever peers there are',
    seen: { ...PEERS, mark: 'peer1', place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'returns a queued task whose job we cancelled to its queue',
    seen: {
      jobs: [jobOf('CANCELLED')],
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'its entry was taken out' }),
    },
    done: ['return-to-queue'],
  },
  {
    title: 'S-03 fails the task of a job that sbatch rejected but left a record of',
    seen: { jobs: [jobOf('FAILED', { reason: 'BadConstraints' })], place: 'parked', record: recordOf() },
    done: ['end failed'],
  },
  {
    title: 'prefers the tracked one of two ended jobs to the extra one that we cancelled',
    seen: {
      jobs: [jobOf('FAILED'), jobOf('CANCELLED', { id: '8' as JobId, name: jobName(2) })],
      place: 'parked',
      record: recordOf(),
    },
    done: ['end failed'],
  },
  {
    title: 'leaves a task to its queue that the user enqueued again',
    seen: { jobs: [jobOf('CANCELLED')], place: 'own queue', record: recordOf() },
    done: ['forget'],
  },
]);
