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
const EARLIER = jobOf('FAILED', { endedAt: NOW - 120_000 });
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('after the end of both a task and its job, the daemon', [
  {
    title: "first reads Slurm's record of the job if the job failed",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed') },
    done: ['read-record'],
  },
  {
    title: 'keeps the status "stopped" of an aborted task (C-12)',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('stopped') },
    done: ['forget', 'log'],
  },
  {
    title: "forgets a task that completed just before the daemon's scancel (S-40)",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed'), entry: entryOf({ cancelledFor: 'it was aborted' }) },
    done: ['forget', 'log'],
  },
  {
    title: 'forgets a deleted task',
    seen: { jobs: [jobOf('COMPLETED')], task: undefined },
    done: ['forget'],
  },
]);

describeRows('after the job of a task in progress has ended, the daemon', [
  {
    title: "waits for the agent to set the task's status (C-13)",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), record: recordOf() },
    done: ['note'],
  },
  {
    title: 'sets the status to "completed" after the grace period if the log shows that the agent finished',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited, record: recordOf() },
    done: ['end completed by the log'],
  },
  {
    title: "first reads Slurm's record of the job, which contains the path of the log",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited },
    done: ['read-record'],
  },
  {
    title: 'does nothing while another worker may run the task',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress', ELSE), record: recordOf(), entry: waited },
    done: [],
  },
  {
    title: 'fails the task if another worker ran the task and has been silent for 10 minutes',
    seen: {
      jobs: [jobOf('NODE_FAIL')],
      task: taskOf('in_progress', { ...ELSE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: 'forgets the task if another worker runs the task from another queue',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, ...ELSE, lastUpdate: 0 }),
      record: recordOf(),
      entry: waited,
    },
    done: ['forget'],
  },
  {
    title: "fails the task of a silent agent even if the task's execution queue has changed",
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { ...ELSEWHERE, lastUpdate: NOW - GRACES.absentMs }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  {
    title: "waits for another agent's report if the execution queue has changed",
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', ELSEWHERE),
      record: recordOf(),
      entry: waited,
    },
    done: [],
  },
  {
    title: 'fails the task if the last report came from a rank of this job',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { lastWorker: 'login2:slurm:7:0' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end failed'],
  },
  ...['FAILED', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED'].map((word) => ({
    title: `fails the task if the job ended ${word}`,
    seen: { jobs: [jobOf(word)], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end failed'],
  })),
  {
    title: 'sets the status to "stopped" if the job ended CANCELLED',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('in_progress'), record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'sets the status of an aborted task to "stopped" even if the job ended FAILED (C-09)',
    seen: {
      jobs: [jobOf('FAILED')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      record: recordOf(),
      entry: waited,
    },
    done: ['end stopped'],
  },
]);

describeRows("a task whose agent mistook SIGTERM for a user's abort", [
  ...['TIMEOUT', 'OUT_OF_MEMORY', 'PREEMPTED', 'NODE_FAIL', 'FAILED'].map((word) => ({
    title: `changes from "stopped" to "failed" if its job ended ${word} (C-12)`,
    seen: { jobs: [jobOf(word)], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end failed'],
  })),
  {
    title: 'loses the status reason "user abort" if its job ended CANCELLED',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'keeps the status "stopped" if another worker set this status',
    seen: { jobs: [jobOf('TIMEOUT')], task: taskOf('stopped', { ...BY_TERM, ...ELSE }), record: recordOf() },
    done: ['forget', 'log'],
  },
  {
    title: 'keeps the status "stopped" if the daemon cancelled the job after a reset of the task',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'the task was reset' }),
    },
    done: ['forget', 'log'],
  },
  {
    title: 'keeps the status "stopped" if a user requested an abort before the SIGTERM',
    seen: {
      jobs: [jobOf('PREEMPTED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ stoppingSince: NOW - 5_000 }),
    },
    done: ['forget', 'log'],
  },
]);

describeRows('after a job ended without starting its task, the daemon', [
  {
    title: 'fails the task if the job failed before its agent started (C-29)',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: recordOf(), hasBegun: true },
    done: ['end failed'],
  },
  {
    title: 'waits while a peer may have parked and resubmitted the task',
    seen: { jobs: [jobOf('COMPLETED')], place: 'parked', record: recordOf(), hasPeers: true },
    done: ['note'],
  },
  {
    title: 'fails the task if no peer has submitted another job within the grace period',
    seen: { jobs: [jobOf('COMPLETED')], place: 'parked', record: recordOf(), hasPeers: true, entry: waited },
    done: ['end failed'],
  },
  {
    title: "waits for a peer's job if the task was parked two minutes later",
    seen: { jobs: [EARLIER], place: 'parked', parkedAt: NOW, record: recordOf(), hasPeers: true },
    done: ['note'],
  },
  {
    title: 'resubmits the task if a peer has claimed and parked the task since the job ended',
    seen: { ...PEERS, place: 'parked', record: recordOf(), entry: { ...waited, wasTakenAtEnd: true } },
    done: ['resubmit'],
  },
  {
    title: 'returns a parked task to its queue if the daemon cancelled the job while no queue had the task',
    seen: {
      jobs: [jobOf('CANCELLED')],
      place: 'parked',
      record: recordOf(),
      entry: { ...waited, wasTakenAtEnd: true, cancelledFor: 'it was requeued' },
    },
    done: ['return-to-queue'],
  },
  {
    title: 'resubmits the task after a grace period if the task was parked more than a minute later',
    seen: { jobs: [EARLIER], place: 'parked', parkedAt: NOW - 59_999, record: recordOf(), entry: waited },
    done: ['resubmit'],
  },
  {
    title: 'fails the task on its fifth attempt even if the task was parked two minutes later',
    seen: {
      jobs: [EARLIER],
      place: 'parked',
      parkedAt: NOW,
      record: recordOf(),
      entry: { ...waited, attempts: 5 },
    },
    done: ['end failed'],
  },
  {
    title: 'fails the task if the task was parked only a minute later',
    seen: {
      jobs: [EARLIER],
      place: 'parked',
      parkedAt: NOW - 60_000,
      record: recordOf(),
      entry: waited,
      hasBegun: true,
    },
    done: ['end failed'],
  },
  {
    title: "fails the task after a grace period if the job removed the task's queue entry and then failed",
    seen: { jobs: [jobOf('FAILED')], record: recordOf(), entry: waited },
    done: ['end failed'],
  },
  {
    title: 'sets the status to "stopped" if a user cancelled the pending job in Slurm',
    seen: { jobs: [jobOf('CANCELLED')], place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'waits for the peer that submitted the cancelled job',
    seen: { ...PEERS, place: 'parked', record: recordOf() },
    done: ['note'],
  },
  {
    title: 'sets the status to "stopped" if the peer that submitted the cancelled job does nothing',
    seen: { ...PEERS, place: 'parked', record: recordOf(), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'sets the status to "stopped" at once if the daemon itself submitted the cancelled job',
    seen: { ...PEERS, mark: 'peer1', place: 'parked', record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'returns the task to its queue if the daemon cancelled the job',
    seen: {
      jobs: [jobOf('CANCELLED')],
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'its entry was taken out' }),
    },
    done: ['return-to-queue'],
  },
  {
    title: 'fails the task if the tracked job failed, even if the task has a cancelled extra job',
    seen: {
      jobs: [jobOf('FAILED'), jobOf('CANCELLED', { id: '8' as JobId, name: jobName(2) })],
      place: 'parked',
      record: recordOf(),
      hasBegun: true,
    },
    done: ['end failed'],
  },
  {
    title: 'forgets the task if a user enqueued the task again',
    seen: { jobs: [jobOf('CANCELLED')], place: 'own queue', record: recordOf() },
    done: ['forget'],
  },
]);
