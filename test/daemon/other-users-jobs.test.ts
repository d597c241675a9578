// Tests that another Unix user's job with a task's job name counts only if the task names it.
import { expect } from 'chai';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { jobNameOf, OLD, QUIET, untrackedOf, type Row } from './recover/untracked-facts.ts';
import { jobOf, taskOf } from './decide/observations.ts';

const ROWS: readonly Row[] = [
  {
    title: 'is parked for long, and has a job of another Unix user that the task names',
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: OLD,
    allUsersJobs: [jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true })],
    untracked: 'job',
  },
  {
    title: 'D-12 is parked for long, and another Unix user has a job with its name, which does not stop its submission',
    task: taskOf('queued'),
    parkedAt: OLD,
    allUsersJobs: [jobOf('PENDING', { isOthers: true })],
    untracked: 'parked',
  },
  {
    title: 'is parked for long, and another Unix user has a job with its name beside the one that the task names',
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: OLD,
    allUsersJobs: [
      jobOf('PENDING', { id: '6' as JobId, name: jobNameOf('m0002'), isOthers: true }),
      jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true }),
    ],
    living: ['m0000', 'm0002'],
    untracked: 'job',
  },
  {
    title: 'is parked for long, and a job of ours was submitted for it after our jobs were listed',
    task: taskOf('queued'),
    parkedAt: OLD,
    allUsersJobs: [jobOf('PENDING', { isOthers: true }), jobOf('PENDING', { id: '8' as JobId, isOthers: false })],
    untracked: 'none',
  },
  {
    title: 'is queued but in no queue, and another Unix user has a job with its name',
    task: taskOf('queued', QUIET),
    allUsersJobs: [jobOf('RUNNING', { isOthers: true })],
    untracked: 'orphan',
  },
  {
    title: 'is parked for long, and the job of another Unix user has ended',
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: OLD,
    allUsersJobs: [jobOf('FAILED', { isOthers: true })],
    untracked: 'parked',
  },
  {
    title: 'is parked for long, and has a job of another Unix user whose daemon is live',
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: OLD,
    allUsersJobs: [jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
];

describe('a task that', () => {
  for (const row of ROWS) {
    it(`${row.title}: ${row.untracked}`, () => {
      expect(untrackedOf(row).map(({ kind }) => kind)).to.deep.equal(row.untracked === 'none' ? [] : [row.untracked]);
    });
  }
});
