// Tests rows of the decision table: the job runs.
import { expect } from 'chai';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { actionNames, describeRows, entryOf, GRACES, jobOf, NOW, observation, taskOf } from './observations.ts';

const LONG_AGO = NOW - GRACES.endMs - 1;
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('a job that runs', [
  {
    title: 'reports a start once, with its nodes',
    seen: { jobs: [jobOf('RUNNING', { nodes: 'n1' })], place: 'parked' },
    done: ['note', 'log'],
  },
  {
    title: 'leaves a running task alone',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'S-32 keeps tracking a job whose nodes are still cleaning up',
    seen: { jobs: [jobOf('COMPLETING', { endedAt: LONG_AGO })], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'warns once if the agent does not start the task for long',
    seen: {
      jobs: [jobOf('RUNNING', { startAt: NOW - GRACES.startMs })],
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}` } }),
    },
    done: ['note', 'log'],
  },
  {
    title: 'gives the agent time to end an aborted task',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress', { statusMessage: 'stopping' }), entry: started },
    done: ['note'],
  },
  {
    title: 'C-09 cancels the job of an aborted task after that time',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('in_progress', { statusMessage: 'stopping' }),
      entry: { ...started, stoppingSince: NOW - GRACES.stopMs },
    },
    done: ['cancel'],
  },
  {
    title: 'waits for a grace period after the task was reset',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: started },
    done: ['note'],
  },
  {
    title: 'cancels the running job of a reset task after the grace period',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: { ...started, astraySince: LONG_AGO } },
    done: ['cancel'],
  },
  {
    title: 'cancels the running job of a deleted task after the grace period',
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
    title: 'lets the job of a completed task end by itself',
    seen: { jobs: [jobOf('COMPLETING')], task: taskOf('completed') },
    done: [],
  },
  {
    title: 'lets a job end by itself whose agent failed the task',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'login1:slurm:7' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'cancels the job of a task that another agent failed',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'peer:0' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: ['cancel'],
  },
  {
    title: 'lets a job end by itself whose agent got SIGTERM',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('stopped', { statusReason: 'user abort' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'S-31 treats an unknown state as live',
    seen: { jobs: [jobOf('HIBERNATING')], task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'S-46 keeps the running one of two live jobs and cancels the other',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: started,
    },
    done: ['cancel'],
  },
  {
    title: 'keeps the other job if an extra job started before its scancel',
    seen: {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', { id: '8' as JobId })],
      place: 'parked',
      entry: entryOf({ cancelledExtras: ['8' as JobId], told: { reason: '7:debug:' } }),
    },
    done: [],
  },
]);

describe('a job that runs', () => {
  it('records everything that it reported in one pass', () => {
    const job = jobOf('RUNNING', { startAt: NOW - GRACES.startMs });
    const patches = decide(observation({ jobs: [job] })).flatMap((action) =>
      action.do === 'note' ? [action.patch] : [],
    );

    expect(patches.at(-1)?.told).to.deep.equal({ startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true });
  });

  it('is reported as started again after a requeue', () => {
    const actions = decide(observation({ jobs: [jobOf('RUNNING', { startAt: NOW })], entry: started }));

    expect(actions[1]).to.have.property('text', 'Slurm job 7 started again in partition debug.');
  });

  it('C-08 never writes to a task in progress with a live job, which would erase an abort request', () => {
    for (const word of ['RUNNING', 'COMPLETING', 'SUSPENDED']) {
      const actions = decide(
        observation({ jobs: [jobOf(word)], task: taskOf('in_progress', { statusMessage: 'stopping' }) }),
      );
      expect(actionNames(actions)).to.not.include.members(['show-status', 'end failed', 'end stopped']);
    }
  });
});
