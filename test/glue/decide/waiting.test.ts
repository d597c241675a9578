// Rows of the decision table: the job waits in Slurm.
import { describeRows, entryOf, jobOf, taskOf } from '../sightings.ts';

const BY_TERM = { statusReason: 'user abort' };

describeRows('a job that waits', [
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
    seen: { jobs: [jobOf('PENDING')], task: taskOf('in_progress') },
    done: ['say', 'park-again', 'note'],
  },
  {
    title: 'a task that SIGTERM stopped before Slurm put its job back is parked again',
    seen: { jobs: [jobOf('PENDING')], task: taskOf('stopped', BY_TERM) },
    done: ['say', 'park-again', 'note'],
  },
]);
