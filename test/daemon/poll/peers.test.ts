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
  it('counts as serving its queues until three successive polls do not show the peer', async () => {
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

describe("a daemon's job", () => {
  it('is tracked by no other daemon while its own daemon is live', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, one.row(), other.row());
    await seeWorkers(other, one.row(), other.row());

    expect([one.isOurs(QUEUE, 'mark1'), one.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
    expect([other.isOurs(QUEUE, 'mark1'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([false, true]);
  });

  it('is tracked by exactly one of three live daemons if its own daemon is gone', async () => {
    const all = [daemon('mark3'), daemon('mark1'), daemon('mark2')];
    for (const one of all) await seeWorkers(one, ...all.map((each) => each.row()));

    for (const mark of ['dead1', undefined]) {
      expect(all.map((one) => one.isOurs(QUEUE, mark))).to.deep.equal([false, true, false]);
    }
  });

  it('is adopted once its daemon is missing in three polls, and is returned once its daemon is back', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    const sees: boolean[] = [];
    for (const rows of [[other.row()], [], [], [other.row()], [], [], [], [other.row()]]) {
      await seeWorkers(one, one.row(), ...rows);
      sees.push(one.isOurs(QUEUE, 'mark2'));
    }

    expect(sees).to.deep.equal([false, false, false, false, false, false, true, false]);
  });

  it('is not adopted if its daemon is missing in nine polls with no time between them', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1)
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, now);

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is adopted if its daemon is missing in nine polls 10 s apart', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, (now += 10_000));
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('is not adopted if its daemon is missing in a single poll', async () => {
    const [one, other, third] = [daemon('mark1'), daemon('mark2'), daemon('mark3')];
    await seeWorkers(one, other.row(), third.row());
    await seeWorkers(one, third.row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it("is adopted immediately if its daemon no longer serves the job's queue after a restart", async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    await seeWorkers(one, daemon('mark2', { queues: [OTHER] }).row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('stays with its daemon while the registered workers cannot be read', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.reject(new Error('away')) }, (now += 30_000)).catch(() => undefined);
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is tracked by a running `execute` command only if the job name has the mark of this command', async () => {
    const [one, single, another] = [daemon('mark1'), daemon('zark1'), daemon('zark2')];
    const all = [one, single, another];
    for (const each of all) await seeWorkers(each, ...all.map((other) => other.row()));

    expect(all.map((each) => each.isOurs(QUEUE, 'zark1'))).to.deep.equal([false, true, false]);
    expect(all.map((each) => each.isOurs(QUEUE, undefined))).to.deep.equal([true, false, false]);
  });

  it("is tracked by a running `execute` command if no daemon serves the job's queue", async () => {
    const [single, another] = [daemon('zark2'), daemon('zark1')];
    await seeWorkers(single, another.row());

    expect([single.isOurs(QUEUE, 'dead1'), single.isOurs(QUEUE, undefined)]).to.deep.equal([true, true]);
  });

  it("is tracked by another daemon of the job's queue if its own daemon no longer serves this queue", async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2', { queues: [OTHER] })];
    await seeWorkers(one, other.row());
    await seeWorkers(other, one.row());

    expect([one.isOurs(QUEUE, 'mark2'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
  });

  it("stays with its daemon if no daemon serves the job's queue", async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await seeWorkers(one, other.row());

    expect(one.isOurs(OTHER, 'mark1')).to.equal(true);
  });

  it('is adopted by a newly started daemon only after the third poll', async () => {
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

  it('stays with the daemon that adopted the job even after this daemon restarts', () => {
    expect(daemon('mark1').isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('is tracked by the only daemon of its queue and cluster, even beside daemons of other queues or clusters', async () => {
    const one = daemonOf('mark3', { schedulerQueue: SCHEDULER });
    const others = [daemonOf('mark1', { cluster: 'hpc' }), daemonOf('mark2', { queues: [OTHER] })];
    const [group = ''] = one.row().tags;
    await seeWorkers(one, ...others.map((other) => other.row()), { id: 'y', queues: [QUEUE], tags: [group] });

    expect(['mark1', 'mark2'].map((mark) => one.isOurs(QUEUE, mark))).to.deep.equal([true, true]);
    expect([one.isOurs(QUEUE, undefined), one.doPeersServe(), one.hasMet()]).to.deep.equal([true, false, false]);
  });

  it('is not adopted by a peer with another scheduler queue', async () => {
    const [one, other] = [daemonOf('mark1', { schedulerQueue: SCHEDULER }), daemonOf('mark2')];
    await seeWorkers(one, other.row());

    expect([one.isOurs(QUEUE, 'mark2'), one.mayAdopt(QUEUE, 'mark2'), one.hasMet()]).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect(one.doPeersServe()).to.equal(false);
  });

  it('stays with a daemon of version 0.2.0, which does not report its cluster', async () => {
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

  it('is not adopted on another cluster if its last cluster has a known daemon', async () => {
    const [one, other] = [uni('mark1'), hpc('mark2')];
    await seeWorkers(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) await seeWorkers(one);

    expect([one.mayAdoptJobless(QUEUE, 'hpc'), one.mayAdoptJobless(QUEUE, undefined)]).to.deep.equal([false, true]);
  });

  it('is adopted on another cluster after three polls if its last cluster has no known daemon', async () => {
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
  it('shows that the job ran on another cluster if a daemon of that cluster has the name in the id', async () => {
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

describe('the registered name of a daemon', () => {
  it('ends with the mark of the daemon if another daemon has the same name', async () => {
    const [one, other] = [daemon('mark1', { worker: 'login1:slurm' }), daemon('mark2', { worker: 'login1:slurm' })];
    await seeWorkers(one, daemon('mark3').row(), other.row());
    await seeWorkers(other, one.row());

    expect([one.row().id, other.row().id]).to.deep.equal(['login1:slurm-mark1', 'login1:slurm']);
  });

  it('contains no mark if no other daemon has the same name', async () => {
    const one = daemon('mark1', { worker: 'login1:slurm' });
    await seeWorkers(one, one.row(), daemon('mark2').row());

    expect(one.row().id).to.equal('login1:slurm');
  });
});

describe('the list of peers', () => {
  it('contains at most 200 daemons, and prefers known peers to new peers', () => {
    const known = [{ mark: 'mark1', missed: 0 }];
    const found = Array.from({ length: 100_000 }, (_, number) => ({ mark: number.toString(36), missed: 0 }));
    const first = mergePeers(known, found, 1);
    const second = mergePeers(first, [], 1);

    expect(first).to.have.length(200);
    expect(first[0]).to.deep.equal({ mark: 'mark1', missed: 1 });
    expect(mergePeers(second, [], 1)).to.have.length(199);
    expect(mergePeers(first, [], 3)).to.deep.equal([]);
  });

  it('contains no worker with an invalid mark', async () => {
    const one = daemon('mark1');
    const [group = ''] = one.row().tags;
    for (const mark of ['', 'x'.repeat(100_000), 'MARK2', 'mark'])
      await seeWorkers(one, { id: 'y', queues: [QUEUE], tags: [group, `clearml-agent-slurm:mark:${mark}`] });

    expect(one.hasMet()).to.equal(false);
  });
});
