// Tests which queued tasks are orphans because they are in no queue.
import { LONG_AGO, UNCHANGED, describeUntracked } from './untracked-facts.ts';
import { jobOf, NOW, taskOf } from '../decide/observations.ts';

describeUntracked([
  {
    title: 'has long had the status "queued" but is in no queue (C-02)',
    task: taskOf('queued', UNCHANGED),
    untracked: 'orphan',
  },
  {
    title: 'is in no queue and its last job was cancelled after the enqueue time',
    task: taskOf('queued', UNCHANGED),
    jobs: [jobOf('CANCELLED', { endedAt: LONG_AGO + 1_000 })],
    untracked: 'job',
  },
  {
    title: 'is in no queue and its last job was cancelled before the enqueue time',
    task: taskOf('queued', UNCHANGED),
    jobs: [jobOf('CANCELLED', { endedAt: LONG_AGO - 2_000 })],
    untracked: 'orphan',
  },
  {
    title: 'is in no queue and its last job failed after the enqueue time',
    task: taskOf('queued', UNCHANGED),
    jobs: [jobOf('FAILED', { endedAt: LONG_AGO + 1_000 })],
    untracked: 'orphan',
  },
  { title: 'has just been enqueued and is in no queue', task: taskOf('queued'), untracked: 'none' },
  {
    title: 'has the status "queued", is in no queue, and its agent reported recently',
    task: taskOf('queued', { statusChanged: LONG_AGO, lastUpdate: NOW }),
    untracked: 'none',
  },
  {
    title: 'has the status "queued", is in no queue, and changed recently',
    task: taskOf('queued', { statusChanged: NOW, lastUpdate: LONG_AGO }),
    untracked: 'none',
  },
]);
