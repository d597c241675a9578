// Tests every field that findUntracked reports about a task.
import { expect } from 'chai';
import { seemsJobless, type Untracked } from '../../../src/daemon/recover/find-untracked-tasks.ts';
import { parseJobName } from '../../../src/slurm/job-name.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { jobNameOf, LONG_AGO, OWN_QUEUE, UNCHANGED, untrackedOf, type Row } from './untracked-facts.ts';
import { jobOf, TASK, taskOf } from '../decide/observations.ts';

const SERVED = { task: TASK, queue: { id: OWN_QUEUE, name: 'own' } };
const FOUND = { kind: 'job', ...SERVED, jobId: '7', attempt: 'attempt1' };
const ROWS: readonly (readonly [what: string, row: Omit<Row, 'title' | 'untracked'>, untracked: object])[] = [
  [
    'the live job of a queued task',
    { task: taskOf('queued'), jobs: [jobOf('PENDING')] },
    { ...FOUND, isOthersJob: false },
  ],
  [
    'the last of several jobs that ended while the task was parked',
    {
      task: taskOf('queued'),
      parkedAt: LONG_AGO,
      jobs: [
        jobOf('FAILED', { endedAt: LONG_AGO + 9_000 }),
        jobOf('FAILED', { id: '8' as JobId, endedAt: LONG_AGO + 4_000 }),
        jobOf('FAILED', { id: '9' as JobId, endedAt: undefined }),
      ],
    },
    { ...FOUND, isOthersJob: false },
  ],
  [
    'the job that ended while the task was in progress',
    { task: taskOf('in_progress', UNCHANGED), jobs: [jobOf('NODE_FAIL')] },
    { ...FOUND, isOthersJob: false },
  ],
  [
    "another Unix user's job that the user property slurm_job_id names",
    {
      task: taskOf('queued', { slurmJob: '7' }),
      parkedAt: LONG_AGO,
      allUsersJobs: [jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true })],
    },
    { ...FOUND, attempt: parseJobName(jobNameOf('m0001'))?.attempt, isOthersJob: true },
  ],
  [
    'the lost job 7 for the worker id login1:slurm:7:0',
    { task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'login1:slurm:7:0' }) },
    { kind: 'lost job', ...SERVED, jobId: '7' },
  ],
  [
    'the lost job 1234 for the worker id login1:slurm:1234:0',
    { task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'login1:slurm:1234:0' }) },
    { kind: 'lost job', ...SERVED, jobId: '1234' },
  ],
  [
    'the last of several ended jobs even if the list has another order',
    {
      task: taskOf('queued'),
      parkedAt: LONG_AGO,
      jobs: [
        jobOf('FAILED', { id: '8' as JobId, endedAt: LONG_AGO + 4_000 }),
        jobOf('FAILED', { endedAt: LONG_AGO + 9_000 }),
        jobOf('FAILED', { id: '6' as JobId, endedAt: LONG_AGO + 2_000 }),
      ],
    },
    { ...FOUND, isOthersJob: false },
  ],
  [
    'the time of the last status change of an orphan',
    { task: taskOf('queued', UNCHANGED) },
    { kind: 'orphan', ...SERVED, statusChanged: LONG_AGO },
  ],
];

describe('the search for untracked tasks', () => {
  for (const [what, row, untracked] of ROWS) {
    it(`returns ${what}`, () => {
      const found = untrackedOf({ title: what, untracked: 'none', ...row }).map((one) =>
        'queue' in one ? { ...one, queue: { id: one.queue.id, name: one.queue.name } } : one,
      );
      expect(found).to.deep.equal([untracked]);
    });
  }
});

describe('when it adopts untracked tasks, the daemon', () => {
  for (const [kind, what, isSo] of [
    ['parked', 'a parked task without a job', true],
    ['orphan', 'an orphan', true],
    ['lost job', 'a task that lost its job', true],
    ['job', 'a job to track', false],
    ['unwanted job', 'a job to cancel', false],
    ['stale entry', 'a queue entry to remove', false],
  ] as const) {
    it(`${isSo ? 'lists' : 'does not list'} all users' jobs before it acts on ${what}`, () => {
      expect(seemsJobless({ kind } as Untracked)).to.equal(isSo);
    });
  }
});
