// Builds the snapshot of one task for the tests that find untracked tasks.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import { findUntracked, type Untracked } from '../../../src/daemon/recover/find-untracked-tasks.ts';
import type { Snapshot } from '../../../src/daemon/poll/poll.ts';
import { readPlaces } from '../../../src/daemon/poll/poll.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { Job } from '../../../src/slurm/scheduler.ts';
import { NOW, TASK } from '../decide/observations.ts';

const NOWHERE = { file: 'a.template', line: 1, column: 1, command: [] };
export const OWN_QUEUE = 'q'.repeat(32) as QueueId;
export const OTHER_QUEUE = 'x'.repeat(32) as QueueId;
const SCHEDULER = 's'.repeat(32) as QueueId;
const GRACE = 60_000;
export const LONG_AGO = NOW - GRACE - 1;
export const UNCHANGED = { lastUpdate: LONG_AGO, statusChanged: LONG_AGO };

export function jobNameOf(mark: string, laterMs = 0): string {
  return formatJobName(TASK, newAttempt(NOW + laterMs, mark, '0000'));
}

export interface Row {
  readonly title: string;
  /** undefined if it was deleted. */
  readonly task?: Task;
  readonly jobs?: readonly Job[];
  readonly parkedAt?: number;
  readonly inOwnQueue?: boolean;
  readonly known?: boolean;
  /** The marks of the live daemons, ours first. */
  readonly living?: readonly string[];
  /** The marks of daemons of other servers. */
  readonly unmet?: readonly string[];
  readonly allUsersJobs?: readonly Job[];
  readonly untracked: Untracked['kind'] | 'none';
}

const FOUND: Readonly<Record<Row['untracked'], string>> = {
  none: 'nothing to do',
  job: 'a job to track',
  'unwanted job': 'a job to cancel',
  parked: 'a task to adopt',
  'stale entry': 'an entry to remove',
  orphan: 'an orphan',
  'maybe requeued': 'a job that Slurm may have requeued',
  'lost job': 'a task that lost its job',
};

/** Tests that each row finds its kind of untracked task and no other. */
export function describeUntracked(rows: readonly Row[]): void {
  describe('the search for untracked tasks', () => {
    for (const row of rows) {
      const [, numbers = '', condition = ''] = /^((?:[A-Z]-\d\d )*)(.*)$/.exec(row.title) ?? [];
      it(`${numbers}finds ${FOUND[row.untracked]} if the task ${condition}`, () => {
        expect(untrackedOf(row).map(({ kind }) => kind)).to.deep.equal(row.untracked === 'none' ? [] : [row.untracked]);
      });
    }
  });
}

export function untrackedOf({
  task,
  jobs = [],
  parkedAt,
  inOwnQueue,
  known,
  living = ['m0000'],
  unmet = [],
  allUsersJobs,
}: Row): Untracked[] {
  const entryAt = (added: number | undefined): { task: TaskId; added: number }[] =>
    added === undefined ? [] : [{ task: TASK, added }];
  const queues = [
    { id: OWN_QUEUE, name: 'own', entries: entryAt(inOwnQueue === true ? LONG_AGO : undefined), isWhole: true },
    { id: SCHEDULER, name: 'slurm_scheduler', entries: entryAt(parkedAt), isWhole: true },
  ];
  const snapshot: Snapshot = {
    listedAt: NOW,
    slurmMs: 0,
    at: NOW,
    queues,
    isWhole: true,
    placeOf: readPlaces({ queues, isWhole: true }, SCHEDULER),
    tasks: new Map(),
    unread: new Set(),
    unlisted: new Set(),
    isRemembered: () => false,
    readNext: () => undefined,
    jobs: new Map(jobs.length === 0 ? [] : [[TASK, jobs]]),
  };
  return findUntracked({
    snapshot,
    tasks: new Map(task === undefined ? [] : [[TASK, task]]),
    candidates: new Set(known === true ? [] : [TASK]),
    queues: [
      {
        id: OWN_QUEUE,
        name: 'own',
        template: { file: 'a.template', agent: NOWHERE, render: () => ({ script: '', uses: [] }) },
      },
    ],
    schedulerQueue: SCHEDULER,
    worker: 'login1:slurm',
    mayAdopt: (_queue, mark = living.toSorted()[0] ?? '') => (living.includes(mark) ? mark === living[0] : true),
    mayAdoptJobless: () => living[0] === living.toSorted()[0],
    hasMetMark: (mark) => !unmet.includes(mark),
    cluster: 'c1',
    allUsersJobs: allUsersJobs && new Map(allUsersJobs.length === 0 ? [] : [[TASK, allUsersJobs]]),
    adoptAfterMs: GRACE,
  });
}
