// Tests rows of the decision table: the job runs.
import { expect } from 'chai';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { actionNames, describeRows, entryOf, GRACES, jobOf, NOW, observation, taskOf } from './observations.ts';

const LONG_AGO = NOW - GRACES.endMs - 1;
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('while a job of the task runs, the daemon', [
  {
    title: 'records and reports the start of the job',
    seen: { jobs: [jobOf('RUNNING', { nodes: 'n1' })], place: 'parked' },
    done: ['note', 'log'],
  },
  {
    title: 'does nothing while the task runs',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'records and reports that Slurm has suspended the job',
    seen: { jobs: [jobOf('SUSPENDED')], task: taskOf('in_progress'), entry: started },
    done: ['note', 'log'],
  },
  {
    title: 'does not report a second time that Slurm has suspended the job',
    seen: {
      jobs: [jobOf('SUSPENDED')],
      task: taskOf('in_progress'),
      entry: entryOf({ told: { startedOn: '7@', suspended: true } }),
    },
    done: [],
  },
  {
    title: 'does not report a slow start of the agent in a suspended job',
    seen: {
      jobs: [jobOf('SUSPENDED', { startAt: NOW - GRACES.startMs })],
      place: 'parked',
      entry: entryOf({ told: { startedOn: `7@${NOW - GRACES.startMs}`, suspended: true } }),
    },
    done: [],
  },
  {
    title: 'cancels a suspended job after the grace period if the task was deleted',
    seen: {
      jobs: [jobOf('SUSPENDED')],
      task: undefined,
      entry: entryOf({ told: { startedOn: '7@', suspended: true }, astraySince: LONG_AGO }),
    },
    done: ['cancel'],
  },
  {
    title: 'does nothing while the job is COMPLETING and the task is in progress (S-32)',
    seen: { jobs: [jobOf('COMPLETING', { endedAt: LONG_AGO })], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'starts a grace period if the task was reset',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: started },
    done: ['note'],
  },
  {
    title: 'cancels the job after the grace period if the task was reset',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('created'), entry: { ...started, astraySince: LONG_AGO } },
    done: ['cancel'],
  },
  {
    title: 'cancels the job after the grace period if the task was deleted',
    seen: { jobs: [jobOf('RUNNING')], task: undefined, entry: { ...started, astraySince: LONG_AGO } },
    done: ['cancel'],
  },
  ...(
    [
      ['adds the time of the abort callback to the grace period of an aborted task', 600_000, 599_999, []],
      [
        'cancels the job of an aborted task after the grace period and the time of the abort callback',
        600_000,
        600_000,
        ['cancel'],
      ],
      [
        'limits the time of the abort callback to the maximum in the settings',
        1e12,
        GRACES.abortCallbackMaxMs,
        ['cancel'],
      ],
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
    title: 'does not cancel the job if the task completed',
    seen: { jobs: [jobOf('COMPLETING')], task: taskOf('completed') },
    done: [],
  },
  {
    title: 'does not cancel the job if the job\'s agent set the status "failed"',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'login1:slurm:7' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'cancels the job if another worker set the status "failed"',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'peer:0' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: ['cancel'],
  },
  {
    title: 'does not cancel the job if its agent stopped the task on SIGTERM',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('stopped', { statusReason: 'user abort' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'does nothing about a job in the unknown state HIBERNATING (S-31)',
    seen: { jobs: [jobOf('HIBERNATING')], task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'cancels another job of the task that is still pending (S-46)',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: started,
    },
    done: ['cancel'],
  },
  {
    title: 'does not cancel a running extra job again if no other job has started',
    seen: {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', { id: '8' as JobId })],
      place: 'parked',
      entry: entryOf({ cancelledExtras: ['8' as JobId], told: { reason: '7:debug:' } }),
    },
    done: [],
  },
]);

describe('while a job of the task runs, the daemon', () => {
  it('records the start of the job and the slow start of the agent in the same pass', () => {
    const job = jobOf('RUNNING', { startAt: NOW - GRACES.startMs });
    const patches = decide(observation({ jobs: [job] })).flatMap((action) =>
      action.do === 'note' ? [action.patch] : [],
    );

    expect(patches.at(-1)?.told).to.deep.equal({ startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true });
  });

  it('reports "started again" after a requeue', () => {
    const actions = decide(observation({ jobs: [jobOf('RUNNING', { startAt: NOW })], entry: started }));

    expect(actions[1]).to.have.property('text', 'Slurm job 7 started again in partition debug.');
  });

  it('never writes to a task in progress, because a write would erase an abort request (C-08)', () => {
    for (const word of ['RUNNING', 'COMPLETING', 'SUSPENDED']) {
      const actions = decide(
        observation({ jobs: [jobOf(word)], task: taskOf('in_progress', { statusMessage: 'stopping' }) }),
      );
      expect(actionNames(actions)).to.not.include.members(['show-status', 'end failed', 'end stopped']);
    }
  });
});
