// Rows of the decision table: the job has ended.
import { describeRows, entryOf, GRACES, jobOf, NOW, recordOf, taskOf } from '../sightings.ts';

const BY_TERM = { statusReason: 'user abort' };
const waited = entryOf({ endSeenAt: NOW - GRACES.endMs - 1 });

describeRows('an ended job whose task has its last word', [
  {
    title: 'completed and completed: done',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('completed') },
    done: ['say', 'forget'],
  },
  {
    title: 'a failed job is explained with what Slurm has on record',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed') },
    done: ['ask-record'],
  },
  {
    title: 'failed and failed: done',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: recordOf({ exitCode: 3 }) },
    done: ['say', 'forget'],
  },
  {
    title: 'a record that Slurm no longer has does not stand in the way',
    seen: { jobs: [jobOf('FAILED')], task: taskOf('failed'), record: 'gone' },
    done: ['say', 'forget'],
  },
  {
    title: "the user's own abort stands",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('stopped') },
    done: ['say', 'forget'],
  },
  {
    title: 'an ended job of a deleted task is forgotten',
    seen: { jobs: [jobOf('COMPLETED')], task: undefined },
    done: ['forget'],
  },
]);

describeRows('an ended job whose task still runs', [
  {
    title: "the agent's last word is awaited",
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress') },
    done: ['note'],
  },
  {
    title: 'without it a completed job is judged by its log',
    seen: { jobs: [jobOf('COMPLETED')], task: taskOf('in_progress'), entry: waited },
    done: ['end completed by the log'],
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
    title: 'a task that was asked to stop and whose job is gone is stopped, whatever Slurm says',
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
    title: `${word} turns the agent's "user abort" into a failure`,
    seen: { jobs: [jobOf(word)], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end failed'],
  })),
  {
    title: 'scancel by hand corrects the reason of the stop',
    seen: { jobs: [jobOf('CANCELLED')], task: taskOf('stopped', BY_TERM), record: recordOf() },
    done: ['end stopped'],
  },
  {
    title: 'a job that we cancelled for the user needs no correction',
    seen: {
      jobs: [jobOf('CANCELLED')],
      task: taskOf('stopped', BY_TERM),
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'the task was reset' }),
    },
    done: ['say', 'forget'],
  },
]);

describeRows('an ended job whose task never began', [
  {
    title: 'a job that ended before its agent began fails the task',
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
    title: 'a queued task whose job we cancelled returns to its queue',
    seen: {
      jobs: [jobOf('CANCELLED')],
      record: recordOf(),
      entry: entryOf({ cancelledFor: 'its entry was taken out' }),
    },
    done: ['give-back'],
  },
  {
    title: 'a task that the user enqueued again is left to its queue',
    seen: { jobs: [jobOf('CANCELLED')], place: 'own queue', record: recordOf() },
    done: ['forget'],
  },
]);
