// Which tasks nobody seems to follow, and what is to become of each.
import { expect } from 'chai';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { ELSEWHERE, jobNameOf, OLD, QUIET, straysOf, type Row } from './untracked-facts.ts';
import { jobOf, NOW, taskOf } from '../decide/observations.ts';

const ROWS: readonly Row[] = [
  { title: 'was deleted a moment after it was parked', parkedAt: NOW - 1_000, untracked: 'none' },
  {
    title: 'has a job of ours that lives, and a newer one of a peer, which follows the task',
    task: taskOf('queued'),
    jobs: [
      jobOf('RUNNING', { name: jobNameOf('m0000') }),
      jobOf('PENDING', { id: '8' as JobId, name: jobNameOf('m0001', 1) }),
    ],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  {
    title: 'has a job of a peer that lives, and a newer one of ours that has ended',
    task: taskOf('queued'),
    jobs: [
      jobOf('RUNNING', { name: jobNameOf('m0001') }),
      jobOf('FAILED', { id: '8' as JobId, name: jobNameOf('m0000', 1) }),
    ],
    living: ['m0000', 'm0001'],
    untracked: 'job',
  },
  {
    title: 'is parked for long, and nobody has a job of it, whoever has others',
    task: taskOf('queued'),
    parkedAt: OLD,
    allUsersJobs: [],
    untracked: 'parked',
  },
  {
    title: 'is parked for long, and its job ended in the very second in which it was parked',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: OLD - 900 })],
    parkedAt: OLD,
    untracked: 'job',
  },
  {
    title: 'is over, and its job is in a state that can not be read: it may have ended',
    task: taskOf('completed'),
    jobs: [jobOf('UNKNOWN')],
    untracked: 'none',
  },
  {
    title: 'runs, and no agent has ever reported for it',
    task: taskOf('in_progress', { ...QUIET, lastWorker: undefined }),
    untracked: 'none',
  },
  {
    title: 'runs as a job of a daemon of another name, which did not submit it for this task',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login2:slurm:7' }),
    untracked: 'none',
  },
  {
    title: "runs under somebody else's agent, and has words in the property that are no job id",
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'neighbour:0', slurmJob: '.*' }),
    untracked: 'none',
  },
  {
    title: 'was stopped by a SIGTERM to its agent, and its job has failed since',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED')],
    untracked: 'maybe requeued',
  },
  {
    title: 'was stopped by a SIGTERM to its agent, and its job has ended otherwise',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('COMPLETED')],
    untracked: 'none',
  },
  {
    title: 'was stopped by its user, and its job has failed',
    task: taskOf('stopped', { statusReason: 'no longer needed', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED')],
    untracked: 'none',
  },
  {
    title: "was stopped by a SIGTERM to somebody else's agent, and a job of ours has failed",
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'neighbour:0' }),
    jobs: [jobOf('FAILED')],
    untracked: 'none',
  },
  {
    title: 'was stopped by a SIGTERM in a job of another daemon that lives',
    task: taskOf('stopped', { statusReason: 'user abort', lastWorker: 'login1:slurm:7' }),
    jobs: [jobOf('FAILED', { name: jobNameOf('m0001') })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  { title: 'D-02 a live job of a task that waits', task: taskOf('queued'), jobs: [jobOf('PENDING')], untracked: 'job' },
  { title: 'a live job of a task that runs', task: taskOf('in_progress'), jobs: [jobOf('RUNNING')], untracked: 'job' },
  {
    title: 'a live job that is known',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING')],
    known: true,
    untracked: 'none',
  },
  {
    title: 'a live job of a task of a queue that somebody else serves',
    task: taskOf('queued', { executionQueue: ELSEWHERE }),
    jobs: [jobOf('PENDING', { submittedAt: 0 })],
    untracked: 'none',
  },
  {
    title: 'a job that has waited for long, of a deleted task',
    jobs: [jobOf('PENDING', { submittedAt: OLD })],
    untracked: 'unwanted job',
  },
  {
    title: 'a job that has waited for long, of a task that became a draft',
    task: taskOf('created', { executionQueue: undefined }),
    jobs: [jobOf('PENDING', { submittedAt: OLD })],
    untracked: 'unwanted job',
  },
  {
    title: 'a job of a deleted task that was just submitted',
    jobs: [jobOf('PENDING', { submittedAt: NOW })],
    untracked: 'none',
  },
  {
    title: 'a running job of a deleted task: it sees that by itself',
    jobs: [jobOf('RUNNING', { submittedAt: OLD })],
    untracked: 'none',
  },
  { title: 'D-02 parked for long, without a job', task: taskOf('queued'), parkedAt: OLD, untracked: 'parked' },
  {
    title: 'parked for long, and its job was cancelled since: that is not to be forgotten',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: OLD + 1_000 })],
    parkedAt: OLD,
    untracked: 'job',
  },
  {
    title: 'parked for long, and a job of an earlier life of it was cancelled before',
    task: taskOf('queued'),
    jobs: [jobOf('CANCELLED', { endedAt: OLD - 2_000 })],
    parkedAt: OLD,
    untracked: 'parked',
  },
  {
    title: 'parked a moment ago: another daemon has it in hand',
    task: taskOf('queued'),
    parkedAt: NOW - 1_000,
    untracked: 'none',
  },
  { title: 'an entry of a task that was aborted', task: taskOf('stopped'), parkedAt: OLD, untracked: 'stale entry' },
  {
    title: 'an entry of a task that is in its own queue too',
    task: taskOf('queued'),
    parkedAt: OLD,
    inOwnQueue: true,
    untracked: 'stale entry',
  },
  {
    title: 'an entry of a task that has ended in a queue that somebody else serves',
    task: taskOf('completed', { executionQueue: ELSEWHERE }),
    parkedAt: OLD,
    untracked: 'stale entry',
  },
  {
    title: 'an entry of a task that waits for a queue that somebody else serves: he may have parked it',
    task: taskOf('queued', { executionQueue: ELSEWHERE }),
    parkedAt: OLD,
    untracked: 'none',
  },
  {
    title: 'a young entry of a task that has ended in a queue that somebody else serves',
    task: taskOf('completed', { executionQueue: ELSEWHERE }),
    parkedAt: NOW - 1_000,
    untracked: 'none',
  },
  { title: 'an entry of a deleted task', parkedAt: OLD, untracked: 'stale entry' },
  { title: 'C-02 waits in no queue, quiet for long', task: taskOf('queued', QUIET), untracked: 'orphan' },
  { title: 'waits in no queue, enqueued a moment ago', task: taskOf('queued'), untracked: 'none' },
  {
    title: 'waits in no queue, and was heard of',
    task: taskOf('queued', { statusChanged: OLD, lastUpdate: NOW }),
    untracked: 'none',
  },
  {
    title: 'waits in no queue, and was changed',
    task: taskOf('queued', { statusChanged: NOW, lastUpdate: OLD }),
    untracked: 'none',
  },
  { title: 'has ended, and is in no queue', task: taskOf('completed', QUIET), untracked: 'none' },
  {
    title: 'runs in a queue that somebody else serves, and has a job that has waited for long',
    task: taskOf('in_progress', { executionQueue: ELSEWHERE }),
    jobs: [jobOf('PENDING', { submittedAt: OLD })],
    untracked: 'none',
  },
  { title: 'waits in its own queue', task: taskOf('queued', QUIET), inOwnQueue: true, untracked: 'none' },
  { title: 'runs as a job of ours that is gone', task: taskOf('in_progress', QUIET), untracked: 'lost job' },
  {
    title: 'runs as one rank of a job of ours that is gone',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login1:slurm:7:0' }),
    untracked: 'lost job',
  },
  {
    title: "runs under somebody else's agent",
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'neighbour:0' }),
    untracked: 'none',
  },
  {
    title: 'runs, and Slurm still shows its job, which has ended',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login2:slurm:7' }),
    jobs: [jobOf('NODE_FAIL')],
    untracked: 'job',
  },
  { title: 'runs as a job of ours, and reported a moment ago', task: taskOf('in_progress'), untracked: 'none' },
  {
    title: 'ran as a job of another daemon that is gone too',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login2:slurm:9', slurmJob: '9' }),
    untracked: 'lost job',
  },
  {
    title: 'C-14 was submitted by us once, and runs under an agent that is no job',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'neighbour:0', slurmJob: '9' }),
    untracked: 'none',
  },
  {
    title: 'has a live job of a neighbour that lives',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING', { name: jobNameOf('m0001') })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
  {
    title: 'has a live job of a neighbour that is dead',
    task: taskOf('queued'),
    jobs: [jobOf('PENDING', { name: jobNameOf('m0001') })],
    living: ['m0000'],
    untracked: 'job',
  },
  {
    title: 'is parked for long, and another one takes what carries no mark',
    task: taskOf('queued'),
    parkedAt: OLD,
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
  {
    title: 'waits in no queue, and another one takes what carries no mark',
    task: taskOf('queued', QUIET),
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
  {
    title: 'ran as a job that is gone, and another one takes what carries no mark',
    task: taskOf('in_progress', QUIET),
    living: ['m0001', 'm0000'],
    untracked: 'none',
  },
];

describe('a task that', () => {
  for (const row of ROWS) {
    it(`${row.title}: ${row.untracked}`, () => {
      expect(straysOf(row).map(({ kind }) => kind)).to.deep.equal(row.untracked === 'none' ? [] : [row.untracked]);
    });
  }
});
