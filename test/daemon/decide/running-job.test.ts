// Tests rows of the decision table: the job runs.
import { expect } from 'chai';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { actionNames, describeRows, entryOf, GRACES, jobOf, NOW, observation, taskOf } from './observations.ts';

const LONG_AGO = NOW - GRACES.endMs - 1;
const started = entryOf({ told: { startedOn: '7@' } });

describeRows('for a running job, the daemon', [
  {
    title: 'reports the start once, with the nodes',
    seen: { jobs: [jobOf('RUNNING', { nodes: 'n1' })], place: 'parked' },
    done: ['note', 'log'],
  },
  {
    title: 'does nothing while the task runs',
    seen: { jobs: [jobOf('RUNNING')], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'reports once for each start that Slurm has suspended the job',
    seen: { jobs: [jobOf('SUSPENDED')], task: taskOf('in_progress'), entry: started },
    done: ['note', 'log'],
  },
  {
    title: 'does nothing while the job stays suspended, or is suspended again',
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
    title: 'keeps tracking the job while its nodes clean up (S-32)',
    seen: { jobs: [jobOf('COMPLETING', { endedAt: LONG_AGO })], task: taskOf('in_progress'), entry: started },
    done: [],
  },
  {
    title: 'waits for a grace period after the task was reset',
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
      ['extends the grace period by the time of the abort callback if the task was aborted', 600_000, 599_999, []],
      [
        'cancels the job after the callback time and the grace period if the task was aborted',
        600_000,
        600_000,
        ['cancel'],
      ],
      [
        'limits the time of an abort callback to the maximum in the settings',
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
    title: 'does not cancel the job if its agent set the task to failed',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'login1:slurm:7' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'cancels the job if another agent set the task to failed',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('failed', { lastWorker: 'peer:0' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: ['cancel'],
  },
  {
    title: 'does not cancel the job if its agent received SIGTERM',
    seen: {
      jobs: [jobOf('RUNNING')],
      task: taskOf('stopped', { statusReason: 'user abort' }),
      entry: { ...started, astraySince: LONG_AGO },
    },
    done: [],
  },
  {
    title: 'treats a job in an unknown state as live (S-31)',
    seen: { jobs: [jobOf('HIBERNATING')], task: taskOf('in_progress') },
    done: [],
  },
  {
    title: 'keeps the running job and cancels the pending job if a task has two live jobs (S-46)',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId }), jobOf('RUNNING')],
      task: taskOf('in_progress'),
      entry: started,
    },
    done: ['cancel'],
  },
  {
    title: 'keeps an extra job that is running despite its scancel if no other job of the task has started',
    seen: {
      jobs: [jobOf('PENDING'), jobOf('RUNNING', { id: '8' as JobId })],
      place: 'parked',
      entry: entryOf({ cancelledExtras: ['8' as JobId], told: { reason: '7:debug:' } }),
    },
    done: [],
  },
]);

describe('for a running job, the daemon', () => {
  it('records the start of the job and the slow start of the agent even if both are noticed in one pass', () => {
    const job = jobOf('RUNNING', { startAt: NOW - GRACES.startMs });
    const patches = decide(observation({ jobs: [job] })).flatMap((action) =>
      action.do === 'note' ? [action.patch] : [],
    );

    expect(patches.at(-1)?.told).to.deep.equal({ startedOn: `7@${NOW - GRACES.startMs}`, slowStart: true });
  });

  it('reports the second start after a requeue', () => {
    const actions = decide(observation({ jobs: [jobOf('RUNNING', { startAt: NOW })], entry: started }));

    expect(actions[1]).to.have.property('text', 'Slurm job 7 started again in partition debug.');
  });

  it('never writes to the task while it is in progress, because that would erase an abort request (C-08)', () => {
    for (const word of ['RUNNING', 'COMPLETING', 'SUSPENDED']) {
      const actions = decide(
        observation({ jobs: [jobOf(word)], task: taskOf('in_progress', { statusMessage: 'stopping' }) }),
      );
      expect(actionNames(actions)).to.not.include.members(['show-status', 'end failed', 'end stopped']);
    }
  });
});
