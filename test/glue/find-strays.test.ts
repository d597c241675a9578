// Which tasks nobody seems to follow, and what is to become of each.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import type { Task } from '../../src/clearml/task.ts';
import { findStrays, type Stray } from '../../src/glue/find-strays.ts';
import type { View } from '../../src/glue/look.ts';
import { readPlaces } from '../../src/glue/place.ts';
import type { Job } from '../../src/slurm/scheduler.ts';
import { jobOf, NOW, TASK, taskOf } from './sightings.ts';

const OWN = 'q'.repeat(32) as QueueId;
const ELSEWHERE = 'x'.repeat(32) as QueueId;
const SCHEDULER = 's'.repeat(32) as QueueId;
const GRACE = 60_000;
const OLD = NOW - GRACE - 1;
const QUIET = { lastUpdate: OLD, statusChanged: OLD };

interface Row {
  readonly title: string;
  /** undefined when it was deleted. */
  readonly task?: Task;
  readonly jobs?: readonly Job[];
  readonly parkedAt?: number;
  readonly inOwnQueue?: boolean;
  readonly known?: boolean;
  readonly stray: Stray['kind'] | 'none';
}

function straysOf({ task, jobs = [], parkedAt, inOwnQueue, known }: Row): Stray[] {
  const entryAt = (added: number | undefined): { task: TaskId; added: number }[] =>
    added === undefined ? [] : [{ task: TASK, added }];
  const queues = [
    { id: OWN, name: 'own', entries: entryAt(inOwnQueue === true ? OLD : undefined) },
    { id: SCHEDULER, name: 'slurm_scheduler', entries: entryAt(parkedAt) },
  ];
  const view: View = {
    at: NOW,
    queues,
    placeOf: readPlaces(queues, SCHEDULER),
    tasks: new Map(),
    jobs: new Map(jobs.length === 0 ? [] : [[TASK, jobs]]),
  };
  return findStrays({
    view,
    tasks: new Map(task === undefined ? [] : [[TASK, task]]),
    known: new Set(known === true ? [TASK] : []),
    queues: [{ id: OWN, name: 'own', template: { file: 'a.template', render: () => ({ script: '', uses: [] }) } }],
    schedulerQueue: SCHEDULER,
    worker: 'login1:slurm',
    adoptMs: GRACE,
  });
}

const ROWS: readonly Row[] = [
  { title: 'a live job of a task that waits', task: taskOf('queued'), jobs: [jobOf('PENDING')], stray: 'job' },
  { title: 'a live job of a task that runs', task: taskOf('in_progress'), jobs: [jobOf('RUNNING')], stray: 'job' },
  { title: 'a live job that is known', task: taskOf('queued'), jobs: [jobOf('PENDING')], known: true, stray: 'none' },
  {
    title: 'a live job of a task of a queue that somebody else serves',
    task: taskOf('queued', { executionQueue: ELSEWHERE }),
    jobs: [jobOf('PENDING', { submittedAt: 0 })],
    stray: 'none',
  },
  {
    title: 'a job that has waited for long, of a deleted task',
    jobs: [jobOf('PENDING', { submittedAt: OLD })],
    stray: 'pointless job',
  },
  {
    title: 'a job that has waited for long, of a task that became a draft',
    task: taskOf('created', { executionQueue: undefined }),
    jobs: [jobOf('PENDING', { submittedAt: OLD })],
    stray: 'pointless job',
  },
  {
    title: 'a job of a deleted task that was just submitted',
    jobs: [jobOf('PENDING', { submittedAt: NOW })],
    stray: 'none',
  },
  {
    title: 'a running job of a deleted task: it sees that by itself',
    jobs: [jobOf('RUNNING', { submittedAt: OLD })],
    stray: 'none',
  },
  { title: 'parked for long, without a job', task: taskOf('queued'), parkedAt: OLD, stray: 'parked' },
  {
    title: 'parked a moment ago: another daemon has it in hand',
    task: taskOf('queued'),
    parkedAt: NOW - 1_000,
    stray: 'none',
  },
  { title: 'an entry of a task that was aborted', task: taskOf('stopped'), parkedAt: OLD, stray: 'stale entry' },
  {
    title: 'an entry of a task that is in its own queue too',
    task: taskOf('queued'),
    parkedAt: OLD,
    inOwnQueue: true,
    stray: 'stale entry',
  },
  { title: 'an entry of a deleted task', parkedAt: OLD, stray: 'stale entry' },
  { title: 'waits in no queue, quiet for long', task: taskOf('queued', QUIET), stray: 'orphan' },
  { title: 'waits in no queue, enqueued a moment ago', task: taskOf('queued'), stray: 'none' },
  { title: 'waits in its own queue', task: taskOf('queued', QUIET), inOwnQueue: true, stray: 'none' },
  { title: 'runs as a job of ours that is gone', task: taskOf('in_progress', QUIET), stray: 'was ours' },
  {
    title: 'runs as one rank of a job of ours that is gone',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login1:slurm:7:0' }),
    stray: 'was ours',
  },
  {
    title: "runs under somebody else's agent",
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'neighbour:0' }),
    stray: 'none',
  },
  {
    title: 'runs, and Slurm still shows its job, which has ended',
    task: taskOf('in_progress', { ...QUIET, lastWorker: 'login2:slurm:7' }),
    jobs: [jobOf('NODE_FAIL')],
    stray: 'job',
  },
  { title: 'runs as a job of ours, and reported a moment ago', task: taskOf('in_progress'), stray: 'none' },
];

describe('a task that', () => {
  for (const row of ROWS) {
    it(`${row.title}: ${row.stray}`, () => {
      expect(straysOf(row).map(({ kind }) => kind)).to.deep.equal(row.stray === 'none' ? [] : [row.stray]);
    });
  }
});
