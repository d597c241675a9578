// Tests which tasks are untracked, and what is done with each.
import { expect } from 'chai';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { OTHER_QUEUE, jobNameOf, LONG_AGO, UNCHANGED, untrackedOf, type Row } from './untracked-facts.ts';
import { jobOf, NOW, taskOf } from '../decide/observations.ts';

const ROWS: readonly Row[] = [
  { title: 'was deleted just after it was parked', parkedAt: NOW - 1_000, untracked: 'none' },
  {
    title: 'has a live job of this daemon, and a newer job of a peer, which tracks the task',
    task: taskOf('queued'),
    jobs: [
      jobOf('RUNNING', { name: jobNameOf('m0000') }),
      jobOf('PENDING', { id: '8' as JobId, name: jobNameOf('m0001', 1) }),
    ],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  {
    title: 'has a live job of a peer, and a newer job of this daemon that has ended',
    task: taskOf('queued'),
    jobs: [
      jobOf('RUNNING', { name: jobNameOf('m0001') }),
      jobOf('FAILED', { id: '8' as JobId, name: jobNameOf('m0000', 1) }),
    ],
    living: ['m0000', 'm0001'],
    untracked: 'job',
  },
  {
    title: 'has long been parked, and no user has a job of it',
    task: taskOf('queued'),
    parkedAt: LONG_AGO,
    allUsersJobs: [],
    untracked: 'parked',
  },
  {
    title: 'has long been parked, and its job ended in the second in which it was parked',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: LONG_AGO - 900 })],
    parkedAt: LONG_AGO,
    untracked: 'job',
  },
  {
    title: 'has ended, and its job has an unknown state',
    task: taskOf('completed'),
    jobs: [jobOf('UNKNOWN')],
    untracked: 'none',
  },
  {
    title: 'runs, and no agent ever reported for it',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: undefined }),
    untracked: 'none',
  },
  {
    title: 'runs under a daemon with another name, as a job that was not submitted for this task',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'login2:slurm:7' }),
    untracked: 'none',
  },
  {
    title: 'runs under another agent, and its property is not a job id',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'peer:0', slurmJob: '.*' }),
    untracked: 'none',
  },
  {
    title: 'was stopped by SIGTERM, and its job failed later',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED')],
    untracked: 'maybe requeued',
  },
  {
    title: 'was stopped by SIGTERM, and its job ended in another state',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('COMPLETED')],
    untracked: 'none',
  },
  {
    title: 'was stopped by its user, and its job failed',
    task: taskOf('stopped', { statusReason: 'no longer needed', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED')],
    untracked: 'none',
  },
  {
    title: 'was stopped by SIGTERM under another agent, and a job of this daemon failed',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'peer:0' }),
    jobs: [jobOf('FAILED')],
    untracked: 'none',
  },
  {
    title: 'was stopped by SIGTERM in a job of a live peer',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED', { name: jobNameOf('m0001') })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  { title: 'D-02 has a live job and is queued', task: taskOf('queued'), jobs: [jobOf('PENDING')], untracked: 'job' },
  { title: 'has a live job and runs', task: taskOf('in_progress'), jobs: [jobOf('RUNNING')], untracked: 'job' },
  {
    title: 'has a live job and is tracked',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING')],
    known: true,
    untracked: 'none',
  },
  {
    title: 'has a live job and belongs to a queue of another daemon',
    task: taskOf('queued', { executionQueue: OTHER_QUEUE }),
    jobs: [jobOf('PENDING', { submittedAt: 0 })],
    untracked: 'none',
  },
  {
    title: 'was deleted, and its job has long been pending',
    jobs: [jobOf('PENDING', { submittedAt: LONG_AGO })],
    untracked: 'unwanted job',
  },
  {
    title: 'became a draft, and its job has long been pending',
    task: taskOf('created', { executionQueue: undefined }),
    jobs: [jobOf('PENDING', { submittedAt: LONG_AGO })],
    untracked: 'unwanted job',
  },
  {
    title: 'was deleted, and its job was just submitted',
    jobs: [jobOf('PENDING', { submittedAt: NOW })],
    untracked: 'none',
  },
  {
    title: 'was deleted while its job, which detects that itself, runs',
    jobs: [jobOf('RUNNING', { submittedAt: LONG_AGO })],
    untracked: 'none',
  },
  { title: 'D-02 has long been parked without a job', task: taskOf('queued'), parkedAt: LONG_AGO, untracked: 'parked' },
  {
    title: 'has long been parked, and its job was cancelled in the meantime',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: LONG_AGO + 1_000 })],
    parkedAt: LONG_AGO,
    untracked: 'job',
  },
  {
    title: 'has long been parked, and a job of an earlier run was cancelled before',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: LONG_AGO - 2_000 })],
    parkedAt: LONG_AGO,
    untracked: 'parked',
  },
  {
    title: 'was parked a moment ago, and another daemon may hold it',
    task: taskOf('queued'),
    parkedAt: NOW - 1_000,
    untracked: 'none',
  },
  {
    title: 'is aborted, and has an entry in the scheduler queue',
    task: taskOf('stopped'),
    parkedAt: LONG_AGO,
    untracked: 'stale entry',
  },
  {
    title: 'has an entry in the scheduler queue and in its queue',
    task: taskOf('queued'),
    parkedAt: LONG_AGO,
    inOwnQueue: true,
    untracked: 'stale entry',
  },
  {
    title: 'has ended in a queue of another daemon, and has an old entry',
    task: taskOf('completed', { executionQueue: OTHER_QUEUE }),
    parkedAt: LONG_AGO,
    untracked: 'stale entry',
  },
  {
    title: 'is queued in a queue of another daemon, which may have parked it',
    task: taskOf('queued', { executionQueue: OTHER_QUEUE }),
    parkedAt: LONG_AGO,
    untracked: 'none',
  },
  {
    title: 'has ended in a queue of another daemon, and has a new entry',
    task: taskOf('completed', { executionQueue: OTHER_QUEUE }),
    parkedAt: NOW - 1_000,
    untracked: 'none',
  },
  { title: 'was deleted, and has an entry in the scheduler queue', parkedAt: LONG_AGO, untracked: 'stale entry' },
  {
    title: 'C-02 is queued but in no queue, unchanged for a long time',
    task: taskOf('queued', UNCHANGED),
    untracked: 'orphan',
  },
  { title: 'is queued but in no queue, enqueued a moment ago', task: taskOf('queued'), untracked: 'none' },
  {
    title: 'is queued but in no queue, and reported recently',
    task: taskOf('queued', { statusChanged: LONG_AGO, lastUpdate: NOW }),
    untracked: 'none',
  },
  {
    title: 'is queued but in no queue, and changed recently',
    task: taskOf('queued', { statusChanged: NOW, lastUpdate: LONG_AGO }),
    untracked: 'none',
  },
  { title: 'has ended and is in no queue', task: taskOf('completed', UNCHANGED), untracked: 'none' },
  {
    title: 'runs in a queue of another daemon, and has a job that has long been pending',
    task: taskOf('in_progress', { executionQueue: OTHER_QUEUE }),
    jobs: [jobOf('PENDING', { submittedAt: LONG_AGO })],
    untracked: 'none',
  },
  { title: 'is in its queue', task: taskOf('queued', UNCHANGED), inOwnQueue: true, untracked: 'none' },
  { title: 'runs as a job of this daemon that is gone', task: taskOf('in_progress', UNCHANGED), untracked: 'lost job' },
  {
    title: 'runs under another agent',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'peer:0' }),
    untracked: 'none',
  },
  {
    title: 'began in a job that is gone, and its agent died before it reported as a worker',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: undefined, slurmJob: '9' }),
    untracked: 'lost job',
  },
  {
    title: 'began a moment ago in a job that is gone',
    task: taskOf('in_progress', { lastWorker: undefined, slurmJob: '9' }),
    untracked: 'none',
  },
  {
    title: 'runs, and Slurm still lists its ended job',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'login2:slurm:7' }),
    jobs: [jobOf('NODE_FAIL')],
    untracked: 'job',
  },
  { title: 'runs as a job of this daemon and reported a moment ago', task: taskOf('in_progress'), untracked: 'none' },
  {
    title: 'ran as a job of another daemon that is gone too',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'login2:slurm:9', slurmJob: '9' }),
    untracked: 'lost job',
  },
  {
    title: 'C-14 was submitted by this daemon before, and runs under an agent outside Slurm',
    task: taskOf('in_progress', { ...UNCHANGED, lastWorker: 'peer:0', slurmJob: '9' }),
    untracked: 'none',
  },
  {
    title: 'has a live job of a live peer',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING', { name: jobNameOf('m0001') })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  {
    title: 'has a live job of a peer that is gone',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING', { name: jobNameOf('m0001') })],
    living: ['m0000'],
    untracked: 'job',
  },
  {
    title: 'has long been parked, and a peer handles tasks without a mark',
    task: taskOf('queued'),
    parkedAt: LONG_AGO,
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
  {
    title: 'is queued but in no queue, and a peer handles tasks without a mark',
    task: taskOf('queued', UNCHANGED),
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
  {
    title: 'ran as a job that is gone, and a peer handles tasks without a mark',
    task: taskOf('in_progress', UNCHANGED),
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
];

describe('findUntracked, for a task that', () => {
  for (const row of ROWS) {
    it(`${row.title}, finds: ${row.untracked}`, () => {
      expect(untrackedOf(row).map(({ kind }) => kind)).to.deep.equal(row.untracked === 'none' ? [] : [row.untracked]);
    });
  }
});
