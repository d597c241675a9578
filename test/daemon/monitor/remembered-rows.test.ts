// The rows that are kept between polls are those that would be formed from nothing, and change only if what they show does.
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { isSameJob, rememberRows } from '../../../src/daemon/monitor/remembered-rows.ts';
import { activeRows, type Polled } from '../../../src/daemon/status/list-status-rows.ts';
import type { StatusRow } from '../../../src/daemon/status/status-row.ts';
import type { Job, JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, jobOf, NOW, TASK, taskOf } from '../decide/observations.ts';

const QUEUE = 'q'.repeat(32) as QueueId;

interface Facts {
  readonly entry?: Partial<Entry> | undefined;
  readonly job?: Job | undefined;
  readonly status?: 'queued' | 'in_progress' | 'completed' | undefined;
  readonly name?: string;
  readonly isUnread?: boolean;
}

/** A poll, in which each task and each job is another object than in the last one. */
function polledOf(facts: ReadonlyMap<TaskId, Facts>, entries = entriesOf(facts)): Polled {
  const all = [...facts];
  return {
    entries,
    queues: [{ id: QUEUE, name: 'gpu', entries: [] }] as unknown as Polled['queues'],
    tasks: new Map(
      all.flatMap(([id, { status, name = 'a task' }]) =>
        status === undefined ? [] : [[id, taskOf(status, { id, name })] as const],
      ),
    ),
    unread: new Set(all.flatMap(([id, { isUnread }]) => (isUnread === true ? [id] : []))),
    jobs: new Map(all.flatMap(([id, { job }]) => (job === undefined ? [] : [[id, [{ ...job }]] as const]))),
    hasResponded: { clearml: true, slurm: true },
  };
}

function entriesOf(facts: ReadonlyMap<TaskId, Facts>): ReadonlyMap<TaskId, Entry> {
  return new Map([...facts].map(([task, { entry }]) => [task, entryOf({ task, ...entry })]));
}

function rowsOf(facts: Facts, now: number, memory = rememberRows()): readonly StatusRow[] {
  return memory.rows(new Set([TASK]), polledOf(new Map([[TASK, facts]])), now);
}

const pending = jobOf('PENDING', { reason: 'Priority' });

describe('the monitor', () => {
  it('returns the same array of task rows as long as no field of a row changes', () => {
    const memory = rememberRows();
    const first = rowsOf({ status: 'queued', job: pending }, NOW, memory);

    expect(rowsOf({ status: 'queued', job: pending }, NOW + 15_000, memory)).to.equal(first);
  });

  it('shows each new expected start of a pending job, but no expected start in the past', () => {
    const memory = rememberRows();
    const estimated = (startAt: number): Facts => ({ status: 'queued', job: { ...pending, startAt } });
    expect(rowsOf(estimated(NOW + 60_000), NOW, memory)[0]?.startsAt).to.equal(NOW + 60_000);
    expect(rowsOf(estimated(NOW + 90_000), NOW + 15_000, memory)[0]?.startsAt).to.equal(NOW + 90_000);

    const [late] = rowsOf(estimated(NOW + 90_000), NOW + 90_000, memory);
    expect(late?.startsAt).to.equal(undefined);
    expect(late?.why).to.not.include('expects to start');
  });

  it('shows the expected start of a job again if the clock is set back to an earlier time', () => {
    const memory = rememberRows();
    const facts = { status: 'queued', job: { ...pending, startAt: NOW } } as const;
    expect(rowsOf(facts, NOW, memory)[0]?.startsAt).to.equal(undefined);

    expect(rowsOf(facts, NOW - 1_000, memory)[0]?.startsAt).to.equal(NOW);
  });

  it('considers a job changed if any field of the job differs', () => {
    const whole: Required<Job> = { ...jobOf('RUNNING'), isOthers: false, unixUser: 'ada' };
    for (const field of Object.keys(whole)) {
      const other = { ...whole, [field]: 'another value' };
      expect(isSameJob(whole, other), field).to.equal(false);
    }
    expect(isSameJob(whole, { ...whole })).to.equal(true);
  });

  it('returns after random polls the same task rows as a computation from scratch', () => {
    const job = fc.option(
      fc.record({
        word: fc.constantFrom('PENDING', 'RUNNING', 'COMPLETING', 'COMPLETED', 'FAILED'),
        id: fc.constantFrom('7', '8'),
        reason: fc.constantFrom(undefined, 'Priority', 'Resources'),
        nodes: fc.constantFrom(undefined, 'n1'),
        startAt: fc.constantFrom(undefined, NOW + 20_000, NOW + 40_000),
      }),
      { nil: undefined },
    );
    const facts = fc.record({
      entry: fc.constantFrom<Partial<Entry>>({}, { cancelledFor: 'a reason' }, { step: 'parking', jobId: undefined }),
      job,
      status: fc.constantFrom('queued', 'in_progress', 'completed', undefined),
      name: fc.constantFrom('one', 'two'),
      isUnread: fc.boolean(),
    });
    const poll = fc.record({
      tasks: fc.dictionary(fc.constantFrom('a', 'b', 'c'), facts),
      passedMs: fc.constantFrom(0, 15_000, -15_000),
      areEntriesKept: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(poll, { minLength: 2, maxLength: 8 }), (polls) => {
        const memory = rememberRows();
        let now = NOW;
        let last = memory.rows(new Set(), polledOf(new Map()), now);
        let entries: ReadonlyMap<TaskId, Entry> = new Map();
        for (const { tasks, passedMs, areEntriesKept } of polls) {
          now += passedMs;
          const known = new Map(
            Object.entries(tasks).map(([letter, { job: of, ...rest }]): [TaskId, Facts] => [
              letter.repeat(32) as TaskId,
              { ...rest, job: of && jobOf(of.word, { ...of, id: of.id as JobId }) },
            ]),
          );
          const fresh = entriesOf(known);
          entries = areEntriesKept ? new Map([...fresh].map(([id, entry]) => [id, entries.get(id) ?? entry])) : fresh;
          const polled = polledOf(known, entries);
          const ids = new Set(known.keys());
          const rows = memory.rows(ids, polled, now);
          const formed = byTask(activeRows(ids, polled, now));
          expect(byTask(rows)).to.deep.equal(formed);
          expect(rows === last, 'is the same array').to.equal(isDeepStrictEqual(formed, byTask(last)));
          last = rows;
        }
      }),
    );
  });

  it('sorts the task rows by queue, and the rows of a queue from the oldest to the newest job', () => {
    const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(32) as TaskId);
    const [first, second, third] = ids as [TaskId, TaskId, TaskId];
    const running = (startAt: number): Facts => ({ status: 'in_progress', job: jobOf('RUNNING', { startAt }) });
    const facts = new Map<TaskId, Facts>([
      [first, { ...running(NOW - 1_000), entry: { queueName: 'late' } }],
      [second, { ...running(NOW - 1_000), entry: { queueName: 'early' } }],
      [third, { ...running(NOW - 2_000), entry: { queueName: 'early' } }],
    ]);
    const rows = rememberRows().rows(new Set(ids), polledOf(facts), NOW);

    expect(rows.map(({ task }) => task)).to.deep.equal([third, second, first]);
  });
});

function byTask(rows: readonly StatusRow[]): StatusRow[] {
  return rows.toSorted((a, b) => (a.task < b.task ? -1 : 1));
}
