// Rows of the decision table: the job runs.
import { expect } from 'chai';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { deeds, describeRows, entryOf, GRACES, jobOf, NOW, observation, taskOf } from './observations.ts';

const LONG_AGO = NOW - GRACES.endMs - 1;
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('a job that runs', [
  {
    title: 'a start is told once, with its nodes',
    seen: { jobs: [jobOf('RUNNING', { nodes: 'n1' })], place: 'parked' },
    done: ['note', 'log'],
  },
  {
    title: 'a running task is left alone',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'S-32 a job whose nodes take long to clean up is not over',
    seen: { jobs: [jobOf('COMPLETING', { endedAt: LONG_AGO })], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'a job that runs long without its agent beginning the task is warned about once',
    seen: {
      jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })],
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}` } }),
    },
    done: ['note', 'log'],
  },
  {
    title: 'the agent is given time to end an aborted task',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress', { statusMessage: 'stopping' }), entry: started },
    done: ['note'],
  },
  {
    title: 'C-09 past that time the job of an aborted task is cancelled',
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
  ...(
    [
      ['a task that has an abort callback is given the time of that, and then the usual one', 600_000, 599_999, []],
      ['when that is over too its job is cancelled', 600_000, 600_000, ['cancel']],
      ['no callback may take longer than the settings allow', 1e12, GRACES.abortCallbackMaxMs, ['cancel']],
    ] as const
  ).map(([title, abortCallbackMs, beyondMs, done]) => ({
    title,
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping', abortCallbackMs }),
      entry: { ...started, stoppingSince: NOW - GRACES.stopMs - beyondMs },
    },
    done,
  })),
  {
    title: 'a running job whose task is completed is about to end by itself',
    seen: { jobs: [jobOf('COMPLETING')], task: taskOf('completed') },
    done: [],
  },
  {
    title: 'a running job whose agent has failed the task may end in its own time',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'login1:slurm:7' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: "the job of a task that somebody else's agent has failed is cancelled",
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'neighbour:0' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: ['cancel'],
  },
  {
    title: 'a job whose agent got a SIGTERM is about to end, or to come back and find the gate closed',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('stopped', { statusReason: 'user abort' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'S-31 a state that no known Slurm has counts as still there',
    seen: { jobs: [jobOf('HIBERNATING')], task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'S-46 of two live jobs the one that runs keeps the task, the other is cancelled',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: started,
    },
    done: ['cancel'],
  },
  {
    title: 'an extra job that started before its cancellation reached it does not cost the other job the task',
    seen: {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', { id: '8' as JobId })],
      place: 'parked',
      entry: entryOf({ cancelledExtras: ['8' as JobId], told: { reason: '7:debug:' } }),
    },
    done: [],
  },
]);

describe('a job that runs', () => {
  it('remembers all that it told in one round', () => {
    const job = jobOf('RUNNING', { startAt: NOW - GRACES.startMs });
    const patches = decide(observation({ jobs: [job] })).flatMap((action) =>
      action.do === 'note' ? [action.patch] : [],
    );

    expect(patches.at(-1)?.told).to.deep.equal({ startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true });
  });

  it('is said to have started again when Slurm has put it back meanwhile', () => {
    const actions = decide(observation({ jobs: [jobOf('RUNNING', { startAt: NOW })], entry: started }));

    expect(actions[1]).to.have.property('text', 'Slurm job 7 started again in partition debug.');
  });

  it('C-08 never writes to a task in progress whose job lives: that would erase the request to abort it', () => {
    for (const word of ['RUNNING', 'COMPLETING', 'SUSPENDED']) {
      const actions = decide(
        observation({ jobs: [jobOf(word)], task: taskOf('in_progress', { statusMessage: 'stopping' }) }),
      );
      expect(deeds(actions)).to.not.include.members(['show-status', 'end failed', 'end stopped']);
    }
  });
});
