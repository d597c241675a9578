// The oracle of a shared service detects exceeded limits and tasks out of order.
import { expect } from 'chai';
import { checkShares, type SharedHistory } from './check-shares.ts';
import type { DaemonPoll, ServerCall } from './server-record.ts';

const SERVED = 'served';

/** The tasks of ada begin with a, those of bob with b. */
const OWNERS: Readonly<Record<string, string>> = { a: 'ada', b: 'bob' };

function call(at: number, who: string, endpoint: string, task: string, more: Partial<ServerCall> = {}): ServerCall {
  return { at, who, endpoint, task, queue: SERVED, response: { at: at + 10, code: 200, count: 1 }, ...more };
}

const enqueue = (at: number, task: string): ServerCall => call(at, 'user', 'tasks.enqueue', task);
const claim = (at: number, task: string, who = 'daemon-1'): ServerCall => call(at, who, 'queues.get_next_task', task);
const park = (at: number, task: string, who = 'daemon-1'): ServerCall =>
  call(at, who, 'queues.add_task', task, { queue: 'scheduler' });

/** The claims of these tasks, one after the other, by one daemon. */
const claims = (...tasks: readonly string[]): ServerCall[] => tasks.map((task, index) => claim(100 + index, task));

function sample(at: number, ...tasks: readonly string[]): SharedHistory['samples'][number] {
  return { at, jobs: tasks.map((task) => ({ task, job: `job of ${task}` })) };
}

function wrongOf(history: Partial<SharedHistory>): Record<string, readonly string[]> {
  const { wrong } = checkShares({
    calls: [],
    polls: [],
    samples: [],
    faults: [],
    servedQueue: SERVED,
    limits: { jobs: 3, jobsPerUser: 2 },
    ownerOf: (task) => OWNERS[task[0] ?? ''],
    ...history,
  });
  return Object.fromEntries(wrong);
}

describe('the chaos oracle (limits of a shared service)', () => {
  it('accepts as many concurrent jobs as the limits permit', () => {
    const samples = [sample(1_000, 'a1'), sample(2_000, 'a1', 'a2', 'b1'), sample(3_000, 'b1')];
    expect(wrongOf({ samples })).to.deep.equal({});
    const history = { calls: [], polls: [], faults: [], servedQueue: SERVED, limits: { jobs: 3, jobsPerUser: 2 } };
    const { mostJobs, mostOfOwner } = checkShares({ ...history, samples, ownerOf: (task) => OWNERS[task[0] ?? ''] });
    expect({ mostJobs, mostOfOwner }).to.deep.equal({ mostJobs: 3, mostOfOwner: 2 });
  });

  it('reports a claim that exceeds the limit of the cluster or of the owner', () => {
    const four = ['a1', 'a2', 'b1', 'b2'];
    expect(wrongOf({ samples: [sample(1_000, ...four)], calls: claims(...four) })).to.deep.equal({
      b2: ['daemon-1 claimed it and knew of 3 jobs of the cluster; the maximum is 3'],
    });
    const three = ['a1', 'a3', 'a2'];
    expect(wrongOf({ samples: [sample(1_000, ...three.toSorted())], calls: claims(...three) })).to.deep.equal({
      a2: ['daemon-1 claimed it and knew of 2 jobs of ada; the maximum is 2'],
    });
  });

  it('counts two jobs of one task as one job, and ignores jobs of other rounds', () => {
    const samples = [sample(1_000, 'a1', 'a1', 'a2', 'x1', 'x2', 'x3')];
    expect(wrongOf({ samples, calls: claims('a1', 'a2', 'x1', 'x2', 'x3') })).to.deep.equal({});
  });

  it("accepts an excess claim if the daemon has not polled since another daemon's claims", () => {
    const samples = [sample(1_000, 'a1', 'a2', 'b1', 'b2')];
    const others = ['a1', 'a2', 'b1'].map((task) => claim(100, task, 'daemon-2'));
    const parked = ['a1', 'a2', 'b1'].map((task) => park(200, task, 'daemon-2'));
    const polled = (beganAt: number): DaemonPoll[] => [{ who: 'daemon-1', beganAt, at: beganAt + 90 }];
    const calls = [...others, ...parked, claim(400, 'b2')];
    // The response to the last call that parks is of 210.
    expect(wrongOf({ samples, calls, polls: polled(209) })).to.deep.equal({});
    expect(wrongOf({ samples, calls, polls: polled(210) })).to.deep.equal({
      b2: ['daemon-1 claimed it and knew of 3 jobs of the cluster; the maximum is 3'],
    });
    const ended = [sample(220, 'a1'), sample(230, 'a2')];
    expect(wrongOf({ samples: [...ended, ...samples], calls, polls: polled(210) })).to.deep.equal({});
    // A poll that has not ended before the claim shows nothing.
    expect(wrongOf({ samples, calls, polls: polled(390) })).to.deep.equal({});
  });

  /** Two daemons that have met claim two tasks each at the same time. */
  function exceedsByTwo(parkedAt: number, ...gates: readonly ServerCall[]): Record<string, readonly string[]> {
    const polls = [
      { who: 'daemon-1', beganAt: 10, at: 20 },
      { who: 'daemon-2', beganAt: 30, at: 40 },
      { who: 'daemon-1', beganAt: 50, at: 60 },
    ];
    const claimed = ['b1', 'b2', 'a1', 'a2'].flatMap((task, index) => {
      const who = task.startsWith('a') ? 'daemon-1' : 'daemon-2';
      return [claim(100 + index, task, who), park(parkedAt, task, who)];
    });
    const calls = [...claimed, ...gates];
    const limits = { jobs: 2, jobsPerUser: 9 };
    return wrongOf({ samples: [sample(9_000, 'a1', 'a2', 'b1', 'b2')], calls, polls, limits });
  }

  it('accepts one excess job of two daemons, and reports a second excess job', () => {
    expect(exceedsByTwo(200)).to.deep.equal({
      a2: ['with it, the cluster has 4 jobs of 2 daemons; the maximum is 3'],
    });
  });

  it('accepts excess jobs if the daemons parked the tasks late or a job started just before', () => {
    expect(exceedsByTwo(3_000)).to.deep.equal({});
    const gate = (at: number): ServerCall => call(at, 'node', 'queues.remove_task', 'b1', { queue: 'scheduler' });
    expect(exceedsByTwo(200, gate(4_900))).to.deep.equal({});
    expect(exceedsByTwo(200, gate(5_900))).to.have.key('a2');
  });

  it('attributes a claim with a lost response to the daemon that parks the task', () => {
    const samples = [sample(1_000, 'a1', 'a2', 'a3')];
    const lost = { response: undefined };
    const first = { ...claim(100, 'a1', 'daemon-2'), ...lost };
    const failed = { ...claim(150, 'a1'), ...lost };
    const calls = [first, failed, park(200, 'a1', 'daemon-2'), claim(300, 'a2'), claim(301, 'a3')];
    expect(wrongOf({ samples, calls })).to.deep.equal({});
    expect(wrongOf({ samples, calls: [...calls.slice(0, 2), park(200, 'a1'), ...calls.slice(3)] })).to.have.key('a3');
  });

  it('ignores the job of an aborted task until a user enqueues the task again', () => {
    const samples = [sample(3_000, 'a1', 'a2', 'a3')];
    const aborted = call(2_000, 'user', 'tasks.stop', 'a2');
    const last = claim(2_900, 'a3');
    const first = claims('a1', 'a2');
    expect(wrongOf({ samples, calls: [...first, aborted, last] })).to.deep.equal({});
    const again = [enqueue(2_500, 'a2'), claim(2_600, 'a2')];
    expect(wrongOf({ samples, calls: [...first, aborted, ...again, last] })).to.have.key('a3');
  });

  it('reports a claim out of order if the same owner enqueued another task earlier', () => {
    const enqueued = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2')];
    expect(wrongOf({ calls: [...enqueued, claim(3_000, 'a2'), claim(4_000, 'a1')] })).to.deep.equal({
      a2: ['it was claimed before task a1 of the same owner, which was enqueued first'],
    });
    expect(wrongOf({ calls: [...enqueued, claim(3_000, 'a1'), claim(4_000, 'a2')] })).to.deep.equal({});
  });

  it('accepts claims in order even if a user later enqueues a claimed task again', () => {
    const calls = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2'), claim(3_000, 'a1'), claim(4_000, 'a2')];
    expect(wrongOf({ calls: [...calls, enqueue(5_000, 'a1')] })).to.deep.equal({});
  });

  it('accepts claims in any order if the tasks have different owners', () => {
    const calls = [enqueue(1_000, 'a1'), enqueue(2_000, 'b1'), claim(3_000, 'b1'), claim(4_000, 'a1')];
    expect(wrongOf({ calls })).to.deep.equal({});
  });

  it('accepts claims in any order after a dequeue or a cut connection', () => {
    const enqueued = [enqueue(1_000, 'a1'), enqueue(2_000, 'a2')];
    const claims = [claim(3_000, 'a2'), claim(4_000, 'a1')];
    const moved = call(2_500, 'user', 'tasks.dequeue', 'a1');
    expect(wrongOf({ calls: [...enqueued, moved, ...claims] })).to.deep.equal({});
    const faults = [{ at: 2_900, what: 'other', words: 'link daemon-1–server: cut for 300 ms' } as const];
    expect(wrongOf({ calls: [...enqueued, ...claims], faults })).to.deep.equal({});
  });
});
