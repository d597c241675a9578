// Rows of the decision table: the job has ended.
import type { QueueId } from '../../../src/clearml/ids.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobName, jobOf, NOW, recordOf, TASK, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const ELSE = { lastWorker: 'neighbour:0' };
const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
/** A job that a peer submitted, and that was cancelled. */
const PEERS = {
  jobs: [jobOf('CANCELLED', { name: formatJobName(TASK, newAttempt(NOW, 'peer1', '0000')) })],
  hasPeers: true,
  mark: 'mark0',
};
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('an ended job whose task has its last word', [
  {
    title: 'completed and completed: done',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed') },
    done: ['forget', 'log'],
  },
  {
    title: 'a failed job is explained with what Slurm has on record',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed') },
    done: ['read-record'],
  },
  {
    title: 'failed and failed: done',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: recordOf({ exitCode: 3 }) },
    done: ['forget', 'log'],
  },
  {
    title: 'a record that Slurm no longer has does not stand in the way',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: 'gone' },
    done: ['forget', 'log'],
  },
  {
    title: "C-12 the user's own abort stands",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('stopped') },
    done: ['forget', 'log'],
  },
  {
    title: 'an ended job of a deleted task is forgotten',
    seen: { jobs: [jobOf('COMPLETED')], task: undefined },
    done: ['forget'],
  },
]);

describeRows('an ended job whose task still runs', [
  {
    title: "C-13 the agent's last word is awaited",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), record: recordOf() },
    done: ['note'],
  },
  {
    title: 'without it a completed job is judged by its log',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited, record: recordOf() },
    done: ['end completed by the log'],
  },
  {
    title: 'for that its record is asked for, which names the log',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited },
    done: ['read-record'],
  },
  {
    title: 'somebody else may run the task: he is left alone',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress', ELSE), record: recordOf(), entry: waited },
    done: [],
  },
  {
    title: 'he is not, once nothing was heard of him for long',
    seen: {
      jobs: [jobOf('NODE_FAIL')],
      task: taskOf('in_progress', { ...ELSE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'the task runs in another queue: it is not ours any more',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, ...ELSE, lastUpdate: 0 }),
      record: recordOf(),
      entry: waited,
    },
    done: ['forget'],
  },
  {
    title: 'its agent began the task after a user had enqueued it elsewhere: the run was ours, and is ended',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'an agent elsewhere may have begun it since, and not yet reported: he is left alone',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', ELSEWHERE),
      record: recordOf(),
      entry: waited,
    },
    done: [],
  },
  {
    title: 'a rank of a job on several nodes is the job',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'login2:slurm:7:0' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  ...['FAILED', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED'].map((word) => ({
    title: `${word} of a task still in progress fails it`,
    seen: { jobs: [jobOf(word)], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end failed'],
  })),
  {
    title: 'CANCELLED of a task still in progress stops it',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'C-09 a task that was asked to stop and whose job is gone is stopped, whatever Slurm says',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end stopped'],
  },
]);

describeRows('an ended job whose agent took the SIGTERM of Slurm for an abort', [
  ...['TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED', 'NODE_FAIL', 'FAILED'].map((word) => ({
    title: `C-12 ${word} turns the agent's "user abort" into a failure`,
    seen: { jobs: [jobOf(word)], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end failed'],
  })),
  {
    title: 'scancel by hand corrects the reason of the stop',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: "the word of somebody else's agent is not corrected",
    seen: { jobs: [jobOf('TIMEOUT')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }), record: recordOf() },
    done: ['forget', 'log'],
  },
  {
    title: 'a job that we cancelled for the user needs no correction',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'the task was reset' }),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'nor does a task whose user was seen to abort it, whatever sent the SIGTERM before its agent heard of that',
    seen: {
      jobs: [jobOf('PREEMPTED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['forget', 'log'],
  },
]);

describeRows('an ended job whose task never began', [
  {
    title: 'S-40 a job that was quicker to complete than we to cancel it is completed',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed'), entry: entryOf({ cancelledFor: 'it was aborted' }) },
    done: ['forget', 'log'],
  },
  {
    title: 'C-29 a job that ended before its agent began fails the task',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf() },
    done: ['end failed'],
  },
  {
    title: 'a job that took the entry and died before its agent began is given a grace, then fails the task',
    seen: { jobs: [jobOf('FAILED')], record: recordOf(), entry: waited },
    done: ['end failed'],
  },
  {
    title: 'scancel by hand of a waiting job stops the task',
    seen: { jobs: [jobOf('CANCELLED')], place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'of a job that a peer submitted, the peer may know better: its word is waited for',
    seen: { ...PEERS, place: 'parked', record: recordOf() },
    done: ['note'],
  },
  {
    title: 'and when none comes the task is stopped',
    seen: { ...PEERS, place: 'parked', record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'a job of our own was cancelled by a user, whoever else is there',
    seen: { ...PEERS, mark: 'peer1', place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'a queued task whose job we cancelled returns to its queue',
    seen: {
      jobs: [jobOf('CANCELLED')],
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'its entry was taken out' }),
    },
    done: ['return-to-queue'],
  },
  {
    title: 'S-03 a job that sbatch refused, but left a record of, fails the task',
    seen: { jobs: [jobOf('FAILED', { reason: 'BadConstraints' })], place: 'parked', record: recordOf() },
    done: ['end failed'],
  },
  {
    title: 'of two ended jobs the one that was followed counts, not the extra one that we cancelled',
    seen: {
      jobs: [jobOf('FAILED'), jobOf('CANCELLED', { id: '8' as JobId, name: jobName(2) })],
      place: 'parked',
      record: recordOf(),
    },
    done: ['end failed'],
  },
  {
    title: 'a task that the user enqueued again is left to its queue',
    seen: { jobs: [jobOf('CANCELLED')], place: 'own queue', record: recordOf() },
    done: ['forget'],
  },
]);
