// The decision table, row by row: job state × task status, and what is done about it.
import { expect } from 'chai';
import type { Action } from '../../src/glue/decide/action.ts';
import { decide } from '../../src/glue/decide/decide.ts';
import type { Sighting } from '../../src/glue/decide/sighting.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { entryOf, GRACES, jobOf, NOW, recordOf, sighting, taskOf } from './sightings.ts';

/** What is done, without the words: `say`, `cancel`, `end failed` … */
function deeds(actions: readonly Action[]): string[] {
  return actions.map((action) => (action.do === 'end' ? `end ${action.ending.status}` : action.do));
}

interface Row {
  readonly title: string;
  readonly seen: Partial<Sighting>;
  readonly done: readonly string[];
}

const BY_TERM = { statusReason: 'user abort' };
const LONG_AGO = NOW - GRACES.endMs - 1;
const waited = entryOf({ endSeenAt: LONG_AGO });
const atGate = recordOf({ exitCode: JOB_EXIT_CODES.gateClosed.code });
const started = entryOf({ told: { startedOn: '7@#0' } });

const ROWS: readonly Row[] = [
  // The job waits.
  {
    title: 'a waiting job of a parked task tells why it waits',
    seen: { jobs: [jobOf('PENDING', { reason: 'Resources' })], place: 'parked' },
    done: ['say', 'show-status', 'note'],
  },
  {
    title: 'the same reason is not told twice',
    seen: {
      jobs: [jobOf('PENDING', { reason: 'Resources' })],
      place: 'parked',
      entry: entryOf({ told: { reason: '7:debug:Resources' } }),
    },
    done: [],
  },
  {
    title: 'the job of an aborted task is cancelled, and the entry that the abort missed taken out',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped'), place: 'parked' },
    done: ['cancel', 'take-entry'],
  },
  {
    title: 'the waiting job of a task that became a draft is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created') },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a deleted task is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: undefined },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of an archived task is cancelled',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('created', { archived: true }) },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a task that was moved to another queue is cancelled',
    seen: { jobs: [jobOf('PENDING')], place: 'another queue' },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a task that is back in its own queue is cancelled',
    seen: { jobs: [jobOf('PENDING')], place: 'own queue' },
    done: ['cancel'],
  },
  {
    title: 'the waiting job of a task whose entry was taken out of the scheduler queue is cancelled',
    seen: { jobs: [jobOf('PENDING')], place: 'nowhere' },
    done: ['cancel'],
  },
  {
    title: 'a running task whose job Slurm put back is parked again',
    seen: { jobs: [jobOf('PENDING', { restarts: 1 })], task: taskOf('in_progress') },
    done: ['say', 'park-again', 'note'],
  },
  {
    title: 'a task that SIGTERM stopped before Slurm put its job back is parked again',
    seen: { jobs: [jobOf('PENDING', { restarts: 1 })], task: taskOf('stopped', BY_TERM) },
    done: ['say', 'park-again', 'note'],
  },
  // The job runs.
  {
    title: 'a start is told once, with its nodes',
    seen: { jobs: [jobOf('RUNNING', { nodes: 'n1' })], place: 'parked' },
    done: ['say', 'note'],
  },
  {
    title: 'a running task is left alone',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'a job that runs long without its agent beginning the task is warned about once',
    seen: { jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })], entry: started },
    done: ['say', 'note'],
  },
  {
    title: 'the agent is given time to end an aborted task',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress', { statusMessage: 'stopping' }), entry: started },
    done: ['note'],
  },
  {
    title: 'past that time the job of an aborted task is cancelled',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: { ...started, stoppingSince: NOW - GRACES.stopMs },
    },
    done: ['cancel'],
  },
  {
    title: 'a running job whose task was reset is given a grace',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: started },
    done: ['note'],
  },
  {
    title: 'past the grace the running job of a reset task is cancelled',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: { ...started, astraySince: LONG_AGO } },
    done: ['cancel'],
  },
  {
    title: 'past the grace the running job of a deleted task is cancelled',
    seen: { jobs: [jobOf('RUNNING')], task: undefined, entry: { ...started, astraySince: LONG_AGO } },
    done: ['cancel'],
  },
  {
    title: 'a running job whose task is completed is about to end by itself',
    seen: { jobs: [jobOf('COMPLETING')], task: taskOf('completed') },
    done: [],
  },
  {
    title: 'a state that no known Slurm has counts as still there',
    seen: { jobs: [jobOf('HIBERNATING')], task: taskOf('in_progress') },
    done: [],
  },
  // Several jobs of one task.
  {
    title: 'of two live jobs the one that runs keeps the task, the other is cancelled',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: started,
    },
    done: ['cancel'],
  },
  // The job has ended and the agent has had its say.
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
  // The job has ended and the task still runs.
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
  // The agent took Slurm's SIGTERM for an abort by the user.
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
  // The job has ended and the task never began.
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
  // The gate.
  {
    title: 'ended at the gate while another job has the task: nothing',
    seen: {
      jobs: [jobOf('FAILED', { id: '8' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      record: atGate,
      entry: started,
    },
    done: [],
  },
  {
    title: 'ended at the gate though the task is parked: a new attempt',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: atGate },
    done: ['submit-again'],
  },
  {
    title: 'ended at the gate and the task nowhere: its answer was lost, the task returns to its queue after a grace',
    seen: { jobs: [jobOf('FAILED')], record: atGate, entry: waited },
    done: ['give-back'],
  },
  {
    title: 'back at the gate before a running task was parked again: park and submit anew',
    seen: { jobs: [jobOf('FAILED', { restarts: 1 })], task: taskOf('in_progress'), record: atGate },
    done: ['park-again', 'submit-again'],
  },
  {
    title: 'back at the gate before a task that SIGTERM stopped was parked again: park and submit anew',
    seen: { jobs: [jobOf('FAILED', { restarts: 1 })], task: taskOf('stopped', BY_TERM), record: atGate },
    done: ['park-again', 'submit-again'],
  },
  {
    title: "a task's own exit code that looks like the gate's is a failure like any other",
    seen: { jobs: [jobOf('FAILED')], task: taskOf('in_progress'), record: atGate, ranAs: () => true, entry: waited },
    done: ['end failed'],
  },
  {
    title: 'attempts are bounded',
    seen: { jobs: [jobOf('FAILED')], place: 'parked', record: atGate, entry: entryOf({ attempts: 5 }) },
    done: ['end failed'],
  },
  // The job is absent.
  { title: 'absent from one good poll: remembered, nothing else', seen: {}, done: ['note'] },
  {
    title: 'absent from a second one: accounting is asked',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }) },
    done: ['look-up'],
  },
  {
    title: 'absent for a while: still followed',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'what accounting knows counts like a row of squeue',
    seen: {
      entry: entryOf({ absentSince: NOW - 15_000 }),
      lookedUp: true,
      jobs: [jobOf('COMPLETED')],
      task: taskOf('completed'),
    },
    done: ['say', 'forget'],
  },
  {
    title: 'absent, and the task has ended: done',
    seen: { entry: entryOf({ absentSince: NOW - 15_000 }), lookedUp: true, task: taskOf('failed') },
    done: ['forget'],
  },
  {
    title: 'absent past the deadline but its agent still reports: still followed',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'absent and silent past the deadline: lost, failed',
    seen: {
      entry: entryOf({ absentSince: NOW - GRACES.absentMs }),
      lookedUp: true,
      task: taskOf('in_progress', { lastUpdate: NOW - GRACES.absentMs }),
    },
    done: ['end failed'],
  },
  {
    title: 'an acknowledged job that Slurm forgot is submitted again while the task is parked',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true, place: 'parked' },
    done: ['submit-again'],
  },
  {
    title: 'a task that is nowhere and whose job is lost returns to its queue',
    seen: { entry: entryOf({ absentSince: NOW - GRACES.absentMs }), lookedUp: true },
    done: ['give-back'],
  },
];

describe('the decision table', () => {
  for (const { title, seen, done } of ROWS) {
    it(title, () => {
      expect(deeds(decide(sighting(seen)))).to.deep.equal(done);
    });
  }

  it('never writes to a task in progress whose job lives: that would erase the request to abort it', () => {
    for (const word of ['RUNNING', 'COMPLETING', 'SUSPENDED']) {
      const actions = decide(
        sighting({ jobs: [jobOf(word)], task: taskOf('in_progress', { statusMessage: 'stopping' }) }),
      );
      expect(deeds(actions)).to.not.include.members(['show-status', 'end failed', 'end stopped']);
    }
  });

  it('forgets an absence as soon as the job is seen again', () => {
    const [note] = decide(
      sighting({
        jobs: [jobOf('RUNNING')],
        task: taskOf('in_progress'),
        entry: { ...started, absentSince: NOW - 1000 },
      }),
    );
    expect(note).to.deep.include({ do: 'note' });
    expect(note).to.have.nested.property('patch.absentSince', undefined);
  });
});
