// Who lives beside this daemon, and so who follows which job.
import { expect } from 'chai';
import type { WorkerRow } from '../../../src/clearml/client.ts';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { createPeers, mergePeers, type Peers } from '../../../src/daemon/poll/peers.ts';

import { NOW } from '../decide/observations.ts';

const QUEUE = 'q'.repeat(32) as QueueId;
const OTHER = 'o'.repeat(32) as QueueId;
const SCHEDULER = 's'.repeat(32) as QueueId;

function daemon(mark: string, { queues = [QUEUE], worker = `${mark}:slurm` } = {}): Peers {
  return createPeers({ worker, mark, queues, schedulerQueue: SCHEDULER });
}

let now = NOW;

/** One reading, half a minute after the one before, in which these are heard of. */
function hear(peers: Peers, ...rows: readonly WorkerRow[]): Promise<void> {
  now += 30_000;
  const workersOf = (tag: string): readonly WorkerRow[] => rows.filter(({ tags }) => tags.includes(tag));
  return peers.refresh({ find: (tag) => Promise.resolve({ workers: workersOf(tag), isWhole: true }) }, now);
}

describe('a job', () => {
  it('is followed by the daemon that submitted it, as long as that lives', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, one.row(), other.row());
    await hear(other, one.row(), other.row());

    expect([one.isOurs(QUEUE, 'mark1'), one.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
    expect([other.isOurs(QUEUE, 'mark1'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([false, true]);
  });

  it('of a dead daemon, or of nobody, is followed by exactly one of those that live', async () => {
    const all = [daemon('mark3'), daemon('mark1'), daemon('mark2')];
    for (const one of all) await hear(one, ...all.map((each) => each.row()));

    for (const mark of ['dead1', undefined]) {
      expect(all.map((one) => one.isOurs(QUEUE, mark))).to.deep.equal([false, true, false]);
    }
  });

  it('is taken over once its daemon was missing from three readings in a row, and given back when it is heard of again', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    const sees: boolean[] = [];
    for (const rows of [[other.row()], [], [], [other.row()], [], [], [], [other.row()]]) {
      await hear(one, one.row(), ...rows);
      sees.push(one.isOurs(QUEUE, 'mark2'));
    }

    expect(sees).to.deep.equal([false, false, false, false, false, false, true, false]);
  });

  it('stays with its daemon through many readings in quick succession', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, other.row());
    for (let reading = 0; reading < 9; reading += 1)
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, now);

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is taken over from a daemon that was missing for long, however quick the readings are', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, (now += 10_000));
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('is not taken over at once from a daemon that is missing where another one is heard of', async () => {
    const [one, other, third] = [daemon('mark1'), daemon('mark2'), daemon('mark3')];
    await hear(one, other.row(), third.row());
    await hear(one, third.row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('is taken over at once from a daemon that was started anew without the queue', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, other.row());
    await hear(one, daemon('mark2', { queues: [OTHER] }).row());

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(true);
  });

  it('stays with its daemon through readings that fail: they say nothing about anybody', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, other.row());
    for (let reading = 0; reading < 9; reading += 1) {
      await one.refresh({ find: () => Promise.reject(new Error('away')) }, (now += 30_000)).catch(() => undefined);
    }

    expect(one.isOurs(QUEUE, 'mark2')).to.equal(false);
  });

  it('of a process for a single task is followed by that, and else by a daemon: another such process settles nothing', async () => {
    const [one, single, another] = [daemon('mark1'), daemon('zark1'), daemon('zark2')];
    const all = [one, single, another];
    for (const each of all) await hear(each, ...all.map((other) => other.row()));

    expect(all.map((each) => each.isOurs(QUEUE, 'zark1'))).to.deep.equal([false, true, false]);
    expect(all.map((each) => each.isOurs(QUEUE, undefined))).to.deep.equal([true, false, false]);
  });

  it('of its own task is followed by a process for a single task where no daemon serves the queue', async () => {
    const [single, another] = [daemon('zark2'), daemon('zark1')];
    await hear(single, another.row());

    expect([single.isOurs(QUEUE, 'dead1'), single.isOurs(QUEUE, undefined)]).to.deep.equal([true, true]);
  });

  it('of a queue that its daemon no longer serves is followed by one that does', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2', { queues: [OTHER] })];
    await hear(one, other.row());
    await hear(other, one.row());

    expect([one.isOurs(QUEUE, 'mark2'), other.isOurs(QUEUE, 'mark2')]).to.deep.equal([true, false]);
  });

  it('of a queue that nobody serves stays with who follows it', async () => {
    const [one, other] = [daemon('mark1'), daemon('mark2')];
    await hear(one, other.row());

    expect(one.isOurs(OTHER, 'mark1')).to.equal(true);
  });

  it('has nothing to do with daemons of another scheduler queue, or with other workers', async () => {
    const one = daemon('mark2');
    const stranger = createPeers({ worker: 'x', mark: 'mark1', queues: [QUEUE], schedulerQueue: OTHER });
    const [group = ''] = one.row().tags;
    await hear(one, stranger.row(), { id: 'y', queues: [QUEUE], tags: [group] });

    expect(one.isOurs(QUEUE, 'mark1')).to.equal(true);
  });
});

describe('two daemons of one name', () => {
  it('do not both show as that one: who sees the other first takes another name', async () => {
    const [one, other] = [daemon('mark1', { worker: 'login1:slurm' }), daemon('mark2', { worker: 'login1:slurm' })];
    await hear(one, daemon('mark3').row(), other.row());
    await hear(other, one.row());

    expect([one.row().id, other.row().id]).to.deep.equal(['login1:slurm-mark1', 'login1:slurm']);
  });

  it("do not make way for their own row of an earlier life, nor for somebody else's of another name", async () => {
    const one = daemon('mark1', { worker: 'login1:slurm' });
    await hear(one, one.row(), daemon('mark2').row());

    expect(one.row().id).to.equal('login1:slurm');
  });
});

describe('of workers that somebody makes up', () => {
  it('so many are remembered, and those that were known before stay among them', () => {
    const known = [{ mark: 'mark1', missed: 0 }];
    const heard = Array.from({ length: 100_000 }, (_, number) => ({ mark: number.toString(36), missed: 0 }));
    const first = mergePeers(known, heard, 1);
    const second = mergePeers(first, [], 1);

    expect(first).to.have.length(200);
    expect(first[0]).to.deep.equal({ mark: 'mark1', missed: 1 });
    expect(mergePeers(second, [], 1)).to.have.length(199);
    expect(mergePeers(first, [], 3)).to.deep.equal([]);
  });

  it('one is no peer whose mark is none', async () => {
    const one = daemon('mark1');
    const [group = ''] = one.row().tags;
    for (const mark of ['', 'x'.repeat(100_000), 'MARK2', 'mark'])
      await hear(one, { id: 'y', queues: [QUEUE], tags: [group, `clearml-agent-slurm:mark:${mark}`] });

    expect(one.hasMet()).to.equal(false);
  });
});
