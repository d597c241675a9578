// Tests when the next poll is due.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Snapshot } from '../../../src/daemon/poll/poll.ts';
import {
  fingerprint,
  isAwaitingChange,
  nextPollDelayMs,
  type PollResult,
} from '../../../src/daemon/poll/poll-interval.ts';
import type { Job, JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf } from '../decide/observations.ts';

const LIMITS = { baseMs: 15_000, minJobAgeMs: 300_000 };

describe('the interval to the next poll', () => {
  for (const [what, looked, seconds] of [
    ['while jobs change', {}, 15],
    ['after a few polls without a change', { quietPolls: 3 }, 15],
    ['after a minute without a change', { quietPolls: 4 }, 30],
    ['after some minutes without a change', { quietPolls: 8 }, 60],
    ['after a night without a change', { quietPolls: 5_000 }, 60],
    ['without any task', { tracked: 0 }, 60],
    ['just after a job was submitted or cancelled', { isChangeExpected: true }, 5],
    [
      'just after the first job of an idle daemon was submitted',
      { isChangeExpected: true, tracked: 0, quietPolls: 9 },
      5,
    ],
    ['when squeue took half a second', { slurmMs: 500 }, 15],
    ['when squeue took a second', { slurmMs: 1_000 }, 20],
    ['when squeue took two seconds', { slurmMs: 2_000 }, 40],
    ['when squeue took a minute', { slurmMs: 60_000 }, 60],
    ['when squeue took two seconds and nothing changes', { slurmMs: 2_000, quietPolls: 8 }, 60],
    ['when squeue took two seconds and a job was just submitted', { slurmMs: 2_000, isChangeExpected: true }, 40],
  ] as const satisfies readonly (readonly [string, Partial<PollResult>, number])[]) {
    it(`is ${seconds} s ${what}`, () => {
      const busy = { tracked: 7, isChangeExpected: false, quietPolls: 0, slurmMs: 50 };

      expect(nextPollDelayMs(LIMITS, { ...busy, ...looked })).to.equal(seconds * 1000);
    });
  }

  it('is at most four times poll_interval_sec, even if Slurm is very slow', () => {
    const slow = { tracked: 7, isChangeExpected: false, quietPolls: 0, slurmMs: 90_000 };

    expect(nextPollDelayMs({ ...LIMITS, baseMs: 1_000 }, slow)).to.equal(4_000);
  });

  for (const [what, minJobAgeMs, seconds] of [
    ['a minute', 60_000, 30],
    ['two seconds', 2_000, 15],
  ] as const) {
    it(`is ${seconds} s if Slurm's MinJobAge is ${what}, even if nothing changes`, () => {
      const quiet = { tracked: 7, isChangeExpected: false, quietPolls: 99, slurmMs: 0 };

      expect(nextPollDelayMs({ ...LIMITS, minJobAgeMs }, quiet)).to.equal(seconds * 1000);
    });
  }
});

describe('the fingerprint of the next snapshot', () => {
  const pending: Partial<Job> = { id: '1' as JobId, state: 'PENDING', reason: 'Priority', partition: 'debug' };
  const queued: Partial<Task> = { status: 'queued' };

  function snapshotOf(
    tasks: readonly (readonly [string, Partial<Task>, readonly Partial<Job>[]])[],
  ): Pick<Snapshot, 'tasks' | 'jobs'> {
    const byId = <Value>(read: (row: (typeof tasks)[number]) => Value): Map<TaskId, Value> =>
      new Map(tasks.map((row) => [row[0] as TaskId, read(row)]));
    return {
      tasks: byId(([, task]) => task as Task),
      jobs: byId(([, , jobs]) => jobs as readonly Job[]),
    };
  }

  for (const [what, now, isNews] of [
    ['the tasks and jobs are the same as in the last snapshot', [['a', queued, [pending]]], false],
    ['a job has started since the last snapshot', [['a', queued, [{ ...pending, state: 'RUNNING' }]]], true],
    ['the reason of a pending job has changed', [['a', queued, [{ ...pending, reason: 'Resources' }]]], true],
    ['the status of a task has changed', [['a', { status: 'stopped' }, [pending]]], true],
    ['a task has an additional job', [['a', queued, [pending, pending]]], true],
    ['a task no longer has a job', [['a', queued, []]], true],
    [
      'a task was added',
      [
        ['a', queued, [pending]],
        ['b', queued, []],
      ],
      true,
    ],
    ['no task is left', [], true],
    ['another task has replaced the only task', [['b', queued, [pending]]], true],
  ] as const) {
    it(`${isNews ? 'differs' : 'is the same'} if ${what}`, () => {
      const before = fingerprint(snapshotOf([['a', queued, [pending]]]));

      expect(fingerprint(snapshotOf(now)) !== before).to.equal(isNews);
    });
  }

  for (const [what, partition, reason, later] of [
    [
      'another node of the partition has failed',
      'debug',
      'ReqNodeNotAvail, UnavailableNodes:n3',
      'ReqNodeNotAvail, UnavailableNodes:n[3-4]',
    ],
    ["Slurm shows the reason of the job's other partition", 'debug,one', 'Resources', 'PartitionNodeLimit'],
    ['Slurm temporarily shows no reason for a job in two partitions', 'short,debug', 'Priority', undefined],
  ] as const)
    it(`is the same if ${what}`, () => {
      const of = (shown: string | undefined): number =>
        fingerprint(snapshotOf([['a', queued, [{ ...pending, partition, reason: shown }]]]));

      expect(of(later)).to.equal(of(reason));
    });

  it('does not depend on the order of the jobs', () => {
    const one = ['a', queued, [pending]] as const;
    const other = ['b', queued, [{ ...pending, id: '2' as JobId }]] as const;

    expect(fingerprint(snapshotOf([other, one]))).to.equal(fingerprint(snapshotOf([one, other])));
  });
});

describe('if no task or job changes, the poll interval', () => {
  for (const [what, more, isAwaited] of [
    ['while a task is tracked as usual', {}, false],
    ['during a submission', { step: 'submitting' }, true],
    ['while the agent of an ended job may still set the status', { endSeenAt: 1 }, true],
    ['while Slurm does not list a tracked job', { absentSince: 1 }, true],
    ['while the daemon still has to cancel a running job', { astraySince: 1 }, true],
    ['while the agent of an aborted task has not stopped yet', { stoppingSince: 1 }, true],
  ] as const) {
    it(`${isAwaited ? 'stays short' : 'may grow'} ${what}`, () => {
      expect(isAwaitingChange(entryOf(more))).to.equal(isAwaited);
    });
  }
});
