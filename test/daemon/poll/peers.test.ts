// Tests which peers are live, and which daemon tracks which job.
import { expect } from 'chai';
import type { WorkerRow } from '../../../src/clearml/client.ts';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { createPeers, mergePeers, type Peers } from '../../../src/daemon/poll/peers.ts';

import { NOW } from '../decide/observations.ts';

const QUEUE = 'q'.repeat(32) as QueueId;
const OTHER = '0'.repeat(32) as QueueId;
const SCHEDULER = '5'.repeat(32) as QueueId;

function daemon(mark: string, { queues = [QUEUE], worker = `${mark}:slurm` } = {}): Peers {
  return createPeers({ worker, mark, queues, schedulerQueue: SCHEDULER });
}

/** A daemon that reports its cluster, and parks tasks in another scheduler queue. */
function daemonOf(mark: string, overrides: Partial<Parameters<typeof createPeers>[0]> = {}): Peers {
  return createPeers({
    worker: `${mark}:slurm`,
    mark,
    queues: [QUEUE],
    schedulerQueue: OTHER,
    cluster: 'uni',
    ...overrides,
  });
}

let now = NOW;

/** One reading, half a minute after the previous one, that finds these peers. */
function seeWorkers(peers: Peers, ...rows: readonly WorkerRow[]): Promise<void> {
  now += 30_000;
  const workersOf = (wanted: readonly string[]): readonly WorkerRow[] =>
    rows.filter(({ tags }) => tags.some((tag) => wanted.includes(tag)));
  return peers.refresh({ find: (tags) => Promise.resolve({ workers: workersOf(tags), isWhole: true }) }, now);
}

describe('a peer', () => {
  it('is considered to serve its queues until it is missing from three polls', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2', { queues: [OTHER] })];
    await seeWorkers(one, one.row());
    expect([one.doPeersServe(), one.doPeersServe([OTHER])]).to.deep.equal([false, false]);
    await seeWorkers(one, one.row(), other.row());
    expect([one.doPeersServe(), one.doPeersServe([QUEUE]), one.doPeersServe([QUEUE, OTHER])]).to.deep.equal([
      true,
      false,
      true,
    ]);
    const serves: boolean[] = [];
    for (let poll = 0; poll < 3; poll += 1) {
      await seeWorkers(one, one.row());
      serves.push(one.doPeersServe());
    }
    expect(serves).to.deep.equal([true, true, false]);
    expect(one.hasMet()).to.equal(true);
  });
});

describe('a job of one of several daemons', () => {
  it('is tracked by its own daemon while that daemon is live', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, one.row(), other.row());
    await seeWorkers(other, one.row(), other.row());

    expect([one.isOurs(QUEUE, 'mark1'), one.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
    expect([other.isOurs(QUEUE, 'mark1'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([false, true]);
  });

  it('is tracked by exactly one live daemon if its own daemon is gone or the job name has no mark', async () => {
    const all = [daemon('mark3'), daemon('mark1'), daemon('mark2')];
    for (const one of all) await seeWorkers(one, ...all.map((each) => each.row()));

    for (const mark of ['dead1', undefined]) {
      expect(all.map((one) => one.isOurs(QUEUE, mark))).to.deep.equal([false, true, false]);
    }
  });

  it('is adopted after its daemon is missing from three polls, and handed back when that daemon returns', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    const sees: boolean[] = [];
    for (const rows of [[other.row()], [], [], [other.row()], [], [], [], [other.row()]]) {
      await seeWorkers(one, one.row(), ...rows);
      sees.push(one.isOurs(QUEUE, 'mark2'));
    }

    expect(sees).to.deep.equal([false, false, false, false, false, false, true, false]);
  });

  it('is not adopted from a daemon that is missing only for a short time, even if many polls fall into that time', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1)
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, now);

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is adopted from a daemon that is missing for a long time, even if polls follow each other quickly', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, (now += 10_000));
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('is not adopted from a daemon that is missing from only one poll', async () => {
    const [one, other, third] = [daemon('mark1'), daemon('mark2'), daemon('mark3')];
    await seeWorkers(one, other.row(), third.row());
    await seeWorkers(one, third.row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it("is adopted immediately from a daemon that was restarted without the job's queue", async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    await seeWorkers(one, daemon('mark2', { queues: [OTHER] }).row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('stays with its daemon while polls fail', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.reject(new Error('away')) }, (now += 30_000)).catch(() => undefined);
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is tracked by the command execute if its name has the mark of that command, and otherwise by a daemon', async () => {
    const [one, single, another] = [daemon('mark1'), daemon('zark1'), daemon('zark2')];
    const all = [one, single, another];
    for (const each of all) await seeWorkers(each, ...all.map((other) => other.row()));

    expect(all.map((each) => each.isOurs(QUEUE, 'zark1'))).to.deep.equal([false, true, false]);
    expect(all.map((each) => each.isOurs(QUEUE, undefined))).to.deep.equal([true, false, false]);
  });

  it('is tracked by the command execute if no daemon serves its queue', async () => {
    const [single, another] = [daemon('zark2'), daemon('zark1')];
    await seeWorkers(single, another.row());

    expect([single.isOurs(QUEUE, 'dead1'), single.isOurs(QUEUE, undefined)]).to.deep.equal([true, true]);
  });

  it('is tracked by another daemon of its queue if its own daemon no longer serves the queue', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2', { queues: [OTHER] })];
    await seeWorkers(one, other.row());
    await seeWorkers(other, one.row());

    expect([one.isOurs(QUEUE, 'mark2'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
  });

  it('stays with its daemon if its queue is served by no daemon', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());

    expect(one.isOurs(OTHER, 'mark1')).to.equal(true);
  });

  it('is not adopted by a daemon that has just started, because the first polls may not show all peers', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    const may: boolean[] = [];
    for (const rows of [[], [], []]) {
      await seeWorkers(one, one.row(), ...rows);
      may.push(one.mayAdopt(QUEUE, 'mark2'));
    }

    expect(may).to.deep.equal([false, false, true]);
    expect([one.mayAdopt(QUEUE, 'mark1'), one.mayAdopt(QUEUE, undefined)]).to.deep.equal([true, true]);
    await seeWorkers(one, one.row(), other.row());
    expect(one.mayAdopt(QUEUE, 'mark2')).to.equal(false);
  });

  it('belongs to the daemon that adopted it, even right after a restart of that daemon', () => {
    expect(daemon('mark1').isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('stays with its daemon even if there are workers that are not daemons, or daemons of other queues or clusters', async () => {
    const one = daemonOf('mark3', { schedulerQueue: SCHEDULER });
    const others = [daemonOf('mark1', { cluster: 'hpc' }), daemonOf('mark2', { queues: [OTHER] })];
    const [group = ''] = one.row().tags;
    await seeWorkers(one, ...others.map((other) => other.row()), { id: 'y', queues: [QUEUE], tags: [group] });

    expect(['mark1', 'mark2'].map((mark) => one.isOurs(QUEUE, mark))).to.deep.equal([true, true]);
    expect([one.isOurs(QUEUE, undefined), one.doPeersServe(), one.hasMet()]).to.deep.equal([true, false, false]);
  });

  it('stays with its daemon, but uses no limit of the other daemons, if its daemon has another scheduler queue', async () => {
    const [one, other] = [daemonOf('mark1', { schedulerQueue: SCHEDULER }), daemonOf('mark2')];
    await seeWorkers(one, other.row());

    expect([one.isOurs(QUEUE, 'mark2'), one.mayAdopt(QUEUE, 'mark2'), one.hasMet()]).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect(one.doPeersServe()).to.equal(false);
  });

  it('is tracked by its own daemon even if that daemon has version 0.2.0, which does not report its cluster', async () => {
    const [one, old] = [daemonOf('mark1', { schedulerQueue: SCHEDULER }), daemon('mark2')];
    const { id, queues, tags } = old.row();
    await seeWorkers(one, { id, queues, tags: tags.slice(0, 2) });

    expect([one.isOurs(QUEUE, 'mark2'), one.doPeersServe(), one.hasMet()]).to.deep.equal([false, true, true]);
  });
});

describe('a task that has no live job', () => {
  const uni = (mark: string): Peers => daemonOf(mark, { schedulerQueue: SCHEDULER });
  const hpc = (mark: string): Peers => daemonOf(mark, { schedulerQueue: SCHEDULER, cluster: 'hpc' });

  it('is adopted by a daemon of the cluster to which it was last submitted (D-20)', async () => {
    const [one, other] = [uni('mark2'), hpc('mark1')];
    for (const each of [one, other]) await seeWorkers(each, one.row(), other.row());

    for (const [cluster, adopts] of [
      ['uni', [true, false]],
      ['hpc', [false, true]],
      [undefined, [false, true]],
    ] as const)
      expect([one, other].map((each) => each.mayAdoptJobless(QUEUE, cluster))).to.deep.equal(adopts);
  });

  it('is left to its last cluster if a daemon of that cluster was seen before, even if none runs now', async () => {
    const [one, other] = [uni('mark1'), hpc('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) await seeWorkers(one);

    expect([one.mayAdoptJobless(QUEUE, 'hpc'), one.mayAdoptJobless(QUEUE, undefined)]).to.deep.equal([false, true]);
  });

  it('is adopted by a daemon of another cluster if no daemon of its last cluster was ever seen, as for a cloned task', async () => {
    const one = uni('mark1');
    const may: boolean[] = [];
    for (let reading = 0; reading < 3; reading += 1) {
      await seeWorkers(one);
      may.push(one.mayAdoptJobless(QUEUE, 'hpc'));
    }

    expect(may).to.deep.equal([false, false, true]);
  });
});

describe('the worker id of a job', () => {
  it('shows that the job ran on another cluster only if a daemon there has the same name, and no daemon here has it', async () => {
    const one = daemonOf('mark1', { worker: 'login1:slurm' });
    const rows = [
      daemonOf('mark2', { worker: 'login2:slurm' }).row(),
      daemonOf('mark3', { worker: 'login3:slurm', cluster: 'hpc' }).row(),
      { ...daemonOf('mark4', { worker: 'login1:slurm-mark4', cluster: 'hpc' }).row() },
      { ...daemonOf('mark5', { worker: 'login5:slurm-mark5', cluster: 'hpc' }).row() },
    ];
    await seeWorkers(one, ...rows);

    const workers = ['login1:slurm:7', 'login2:slurm:7', 'login3:slurm:7', 'login5:slurm:7:0', 'agent:0', undefined];
    expect(workers.map((worker) => one.isOfOtherCluster(worker))).to.deep.equal([
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('two daemons with the same name', () => {
  it('register different names: a daemon that sees the other daemon appends its own mark', async () => {
    const [one, other] = [daemon('mark1', { worker: 'login1:slurm' }), daemon('mark2', { worker: 'login1:slurm' })];
    await seeWorkers(one, daemon('mark3').row(), other.row());
    await seeWorkers(other, one.row());

    expect([one.row().id, other.row().id]).to.deep.equal(['login1:slurm-mark1', 'login1:slurm']);
  });

  it('need no other name while only one daemon with this name is registered', async () => {
    const one = daemon('mark1', { worker: 'login1:slurm' });
    await seeWorkers(one, one.row(), daemon('mark2').row());

    expect(one.row().id).to.equal('login1:slurm');
  });
});

describe('among the workers with the tag of peers, a daemon', () => {
  it('remembers at most 200, and drops no known peer for a new one', () => {
    const known = [{ mark: 'mark1', missed: 0 }];
    const found = Array.from({ length: 100_000 }, (_, number) => ({ mark: number.toString(36), missed: 0 }));
    const first = mergePeers(known, found, 1);
    const second = mergePeers(first, [], 1);

    expect(first).to.have.length(200);
    expect(first[0]).to.deep.equal({ mark: 'mark1', missed: 1 });
    expect(mergePeers(second, [], 1)).to.have.length(199);
    expect(mergePeers(first, [], 3)).to.deep.equal([]);
  });

  it('ignores those with an invalid mark', async () => {
    const one = daemon('mark1');
    const [group = ''] = one.row().tags;
    for (const mark of ['', 'x'.repeat(100_000), 'MARK2', 'mark'])
      await seeWorkers(one, { id: 'y', queues: [QUEUE], tags: [group, `clearml-agent-slurm:mark:${mark}`] });

    expect(one.hasMet()).to.equal(false);
  });
});
