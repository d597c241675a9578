// Tests rows of the decision table: the job has reached its time limit, and its queue submits such tasks again.
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from './observations.ts';

const BY_TERM = { statusReason: 'user abort' };
const ELSEWHERE = { executionQueue: 'x'.repeat(32) as QueueId };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

const TIMEOUT = { jobs: [jobOf('TIMEOUT')], record: recordOf({ exitCode: 0, exitSignal: 15 }), resubmitOnTimeout: 2 };
const [SIX, SEVEN, EIGHT] = ['6', '7', '8'].map((id) => id as JobId);
const again = (...timedOutJobs: (JobId | undefined)[]): Partial<Entry> => ({
  timedOutJobs: timedOutJobs.flatMap((id) => id ?? []),
});

describeRows('after a timeout in a queue with resubmit_on_timeout, the daemon', [
  {
    title: 'parks and resubmits a task that SIGTERM has stopped',
    seen: { ...TIMEOUT, task: taskOf('stopped', BY_TERM) },
    done: ['note', 'park-again', 'resubmit'],
  },
  {
    title: 'parks and resubmits a task in progress after the grace period',
    seen: { ...TIMEOUT, task: taskOf('in_progress'), entry: waited },
    done: ['note', 'park-again', 'resubmit'],
  },
  {
    title: "first gives the agent a grace period to set the task's status",
    seen: { ...TIMEOUT, task: taskOf('in_progress') },
    done: ['note'],
  },
  {
    title: 'parks and resubmits the task after the second of two permitted timeouts',
    seen: { ...TIMEOUT, task: taskOf('stopped', BY_TERM), entry: entryOf(again(SIX)) },
    done: ['note', 'park-again', 'resubmit'],
  },
  {
    title: 'fails the task after the third timeout if the queue permits two',
    seen: { ...TIMEOUT, task: taskOf('stopped', BY_TERM), entry: entryOf(again(SIX, EIGHT)) },
    done: ['end failed'],
  },
  {
    title: 'counts the timeout only once if the daemon was interrupted before it parked the task',
    seen: { ...TIMEOUT, task: taskOf('stopped', BY_TERM), entry: entryOf(again(SIX, SEVEN)) },
    done: ['note', 'park-again', 'resubmit'],
  },
  {
    title: 'resubmits the task if the daemon was interrupted after it had parked the task',
    seen: { ...TIMEOUT, place: 'parked', entry: entryOf({ ...again(SEVEN), attempts: 0 }) },
    done: ['resubmit'],
  },
  {
    title: 'returns the task to its queue if the daemon was interrupted and no queue contains the task',
    seen: { ...TIMEOUT, place: 'nowhere', entry: { ...waited, ...again(SEVEN) } },
    done: ['return-to-queue'],
  },
  {
    title: 'forgets the task if a user has enqueued the task again',
    seen: { ...TIMEOUT, place: 'own queue', entry: entryOf(again(SEVEN)) },
    done: ['forget'],
  },
  {
    title: 'keeps the status "stopped" if a user aborted the task',
    seen: { ...TIMEOUT, task: taskOf('stopped', BY_TERM), entry: entryOf({ stoppingSince: NOW - 1000 }) },
    done: ['forget', 'log'],
  },
  {
    title: 'changes the status from "in_progress" to "stopped" if a user requested an abort',
    seen: { ...TIMEOUT, task: taskOf('in_progress', { statusMessage: 'stopping' }), entry: waited },
    done: ['end stopped'],
  },
  {
    title: 'keeps the status "failed" if the agent set this status',
    seen: { ...TIMEOUT, task: taskOf('failed') },
    done: ['forget', 'log'],
  },
  {
    title: 'forgets the task if its execution queue is now another queue',
    seen: { ...TIMEOUT, task: taskOf('stopped', { ...BY_TERM, ...ELSEWHERE }) },
    done: ['forget', 'log'],
  },
]);

describeRows('after an agent received SIGTERM and its job ended, the daemon', [
  {
    title: 'fails the task if the job ended OUT_OF_MEMORY, even in a queue with resubmit_on_timeout',
    seen: { ...TIMEOUT, jobs: [jobOf('OUT_OF_MEMORY')], task: taskOf('stopped', BY_TERM) },
    done: ['end failed'],
  },
  {
    title: 'fails the task if the job ended TIMEOUT in a queue without resubmit_on_timeout',
    seen: { ...TIMEOUT, resubmitOnTimeout: undefined, task: taskOf('stopped', BY_TERM) },
    done: ['end failed'],
  },
]);
