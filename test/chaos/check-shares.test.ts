// The oracle of a shared service detects exceeded limits and tasks out of order.
import { expect } from 'chai';
import { checkShares, type SharedHistory } from './check-shares.ts';
import type { ServerCall } from './server-record.ts';

const SERVED = 'served';

/** The tasks of ada begin with a, those of bob with b. */
const OWNERS: Readonly<Record<string, string>> = { a: 'ada', b: 'bob' };

function call(at: number, who: string, endpoint: string, task: string, more: Partial<ServerCall> = {}): ServerCall {
  return { at, who, endpoint, task, queue: SERVED, response: { at: at + 10, code: 200, count: 1 }, ...more };
}

const enqueue = (at: number, task: string): ServerCall => call(at, 'user', 'tasks.enqueue', task);
const claim = (at: number, task: string): ServerCall => call(at, 'daemon-1', 'queues.get_next_task', task);

function sample(at: number, ...tasks: readonly string[]): SharedHistory['samples'][number] {
  return { at, jobs: tasks.map((task) => ({ task, job: `job of ${task}` })) };
}

function wrongOf(history: Partial<SharedHistory>): Record<string, readonly string[]> {
  const { wrong } = checkShares({
    calls: [],
    samples: [],
    faults: [],
    servedQueue: SERVED,
    limits: { jobs: 3, jobsPerUser: 2 },
    daemons: 1,
    ownerOf: (task) => OWNERS[task[0] ?? ''],
    ...history,
  });
  return Object.fromEntries(wrong);
}

describe('the oracle of a shared service', () => {
  it('accepts as many jobs as the limits permit, and reports the largest number of jobs at one time', () => {
    const samples = [sample(1_000, 'a1'), sample(2_000, 'a1', 'a2', 'b1'), sample(3_000, 'b1')];
    expect(wrongOf({ samples })).to.deep.equal({});
    const history = { calls: [], faults: [], servedQueue: SERVED, limits: { jobs: 3, jobsPerUser: 2 }, daemons: 1 };
    const { mostJobs, mostOfOwner } = checkShares({ ...history, samples, ownerOf: (task) => OWNERS[task[0] ?? ''] });
    expect({ mostJobs, mostOfOwner }).to.deep.equal({ mostJobs: 3, mostOfOwner: 2 });
  });

  it('detects more jobs than the limit of the cluster or the limit of a user permits', () => {
    expect(wrongOf({ samples: [sample(1_000, 'a1', 'a2', 'b1', 'b2')] })).to.deep.equal({
      b2: ['it has a job although the cluster has the maximum of 3 jobs: now 4'],
    });
    expect(wrongOf({ samples: [sample(1_000, 'a1', 'a2', 'a3')] })).to.deep.equal({
      a3: ['it has a job although ada has the maximum of 2 jobs: now 3'],
    });
  });

  it('counts two jobs of one task once, and no job of another round', () => {
    expect(wrongOf({ samples: [sample(1_000, 'a1', 'a1', 'a2', 'x1', 'x2', 'x3')] })).to.deep.equal({});
  });

  it('permits two daemons to exceed a limit by the submissions that run at the same time', () => {
    const tasks = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'];
    expect(wrongOf({ samples: [sample(1_000, ...tasks)], daemons: 2 })).to.deep.equal({});
    const more = [...tasks, 'b4', 'b5', 'b6'];
    expect(Object.keys(wrongOf({ samples: [sample(1_000, ...more)], daemons: 2 }))).to.deep.equal(['b6']);
  });

  it('does not count the job of a task that has ended, until the task is enqueued again', () => {
    const samples = [sample(3_000, 'a1', 'a2', 'a3')];
    const aborted = call(2_000, 'user', 'tasks.stop', 'a2');
    expect(wrongOf({ samples, calls: [enqueue(1_000, 'a2'), aborted] })).to.deep.equal({});
    expect(wrongOf({ samples, calls: [aborted, enqueue(2_500, 'a2')] })).to.have.key('a3');
  });

  it('detects a task that is claimed before an older task of the same owner', () => {
    const enqueued = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2')];
    expect(wrongOf({ calls: [...enqueued, claim(3_000, 'a2'), claim(4_000, 'a1')] })).to.deep.equal({
      a2: ['it was claimed before task a1 of the same owner, which was enqueued first'],
    });
    expect(wrongOf({ calls: [...enqueued, claim(3_000, 'a1'), claim(4_000, 'a2')] })).to.deep.equal({});
  });

  it('permits a task to be claimed first that its user enqueues once more later', () => {
    const calls = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2'), claim(3_000, 'a1'), claim(4_000, 'a2')];
    expect(wrongOf({ calls: [...calls, enqueue(5_000, 'a1')] })).to.deep.equal({});
  });

  it('permits a task of another owner to be claimed first', () => {
    const calls = [enqueue(1_000, 'a1'), enqueue(2_000, 'b1'), claim(3_000, 'b1'), claim(4_000, 'a1')];
    expect(wrongOf({ calls })).to.deep.equal({});
  });

  it('permits another order if the user acted on a task or if a call failed', () => {
    const enqueued = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2')];
    const claims = [claim(3_000, 'a2'), claim(4_000, 'a1')];
    const moved = call(2_500, 'user', 'tasks.dequeue', 'a1');
    expect(wrongOf({ calls: [...enqueued, moved, ...claims] })).to.deep.equal({});
    const faults = [{ at: 2_900, what: 'other', words: 'link daemon-1–server: cut for 300 ms' } as const];
    expect(wrongOf({ calls: [...enqueued, ...claims], faults })).to.deep.equal({});
  });
});
