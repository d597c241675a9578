// Tests that another Unix user's job with a task's job name counts only if the task records its id.
import type { JobId } from '../../src/slurm/scheduler.ts';
import { jobNameOf, LONG_AGO, UNCHANGED, describeUntracked } from './recover/untracked-facts.ts';
import { jobOf, taskOf } from './decide/observations.ts';

describeUntracked([
  {
    title: "is parked and its slurm_job_id names a job of a Unix user other than the daemon's",
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: LONG_AGO,
    allUsersJobs: [jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true })],
    untracked: 'job',
  },
  {
    title: "has no slurm_job_id and only a Unix user other than the daemon's has a job with its job name (D-12)",
    task: taskOf('queued'),
    parkedAt: LONG_AGO,
    allUsersJobs: [jobOf('PENDING', { isOthers: true })],
    untracked: 'parked',
  },
  {
    title: "is parked and its slurm_job_id names one of two jobs of a Unix user other than the daemon's",
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: LONG_AGO,
    allUsersJobs: [
      jobOf('PENDING', { id: '6' as JobId, name: jobNameOf('m0002'), isOthers: true }),
      jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true }),
    ],
    living: ['m0000', 'm0002'],
    untracked: 'job',
  },
  {
    title: 'is parked and this daemon has just submitted a job of the task',
    task: taskOf('queued'),
    parkedAt: LONG_AGO,
    allUsersJobs: [jobOf('PENDING', { isOthers: true }), jobOf('PENDING', { id: '8' as JobId, isOthers: false })],
    untracked: 'none',
  },
  {
    title: "is in no queue and a Unix user other than the daemon's has a job with its job name",
    task: taskOf('queued', UNCHANGED),
    allUsersJobs: [jobOf('RUNNING', { isOthers: true })],
    untracked: 'orphan',
  },
  {
    title: "is parked and its slurm_job_id names an ended job of a Unix user other than the daemon's",
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: LONG_AGO,
    allUsersJobs: [jobOf('FAILED', { isOthers: true })],
    untracked: 'parked',
  },
  {
    title: 'is parked and its slurm_job_id names a job of a live daemon with another Unix user',
    task: taskOf('queued', { slurmJob: '7' }),
    parkedAt: LONG_AGO,
    allUsersJobs: [jobOf('PENDING', { name: jobNameOf('m0001'), isOthers: true })],
    living: ['m0000', 'm0001'],
    untracked: 'none',
  },
]);
