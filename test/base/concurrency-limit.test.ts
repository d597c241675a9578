// How many calls run at once, in which order, that those of one mapped user keep no others waiting for long, and what a failure does.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { createConcurrencyLimit, inParallel, type ConcurrencyLimit } from '../../src/base/concurrency-limit.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';
import { rejection } from '../support/rejection.ts';

interface Bed {
  readonly clock: SimulatedClock;
  readonly slots: ConcurrencyLimit;
  /** The calls that have started. */
  readonly started: string[];
  readonly call: (name: string, user?: string) => Promise<void>;
  readonly end: (name: string) => Promise<void>;
}

function createBed(count: number, perUser = 1): Bed {
  const clock = createSimulatedClock(0);
  const slots = createConcurrencyLimit(count, { perUser, clock: clock.of(1) });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    clock,
    slots,
    started,
    async call(name, user) {
      void slots.run(
        () => {
          started.push(name);
          return new Promise<void>((resolve) => ends.set(name, resolve));
        },
        { user },
      );
      await turn();
    },
    async end(name) {
      ends.get(name)?.();
      await turn();
    },
  };
}

describe('the concurrency limit', () => {
  it('starts waiting calls in the order of the requests', async () => {
    const { started, call, end } = createBed(2);
    for (const name of ['1', '2', '3', '4']) await call(name);
    expect(started).to.deep.equal(['1', '2']);
    await end('2');
    expect(started).to.deep.equal(['1', '2', '3']);
    await end('1');
    expect(started).to.deep.equal(['1', '2', '3', '4']);
  });

  it('starts the next call after a call fails', async () => {
    const { slots } = createBed(1);
    const failure = await rejection(slots.run(() => Promise.reject(new Error('no'))));

    expect(failure.message).to.equal('no');
    expect(await slots.run(() => Promise.resolve('yes'))).to.equal('yes');
  });

  it('permits one call of each mapped user at a time, and does not delay other users', async () => {
    const { started, call, end } = createBed(4);
    await call('alice 1', 'alice');
    await call('alice 2', 'alice');
    await call('bob 1', 'bob');
    await call('own');
    expect(started).to.deep.equal(['alice 1', 'bob 1', 'own']);
    await end('alice 1');
    expect(started.at(-1)).to.equal('alice 2');
  });

  it('permits two calls of a mapped user at once if the limit per user is two', async () => {
    const { started, call, end } = createBed(4, 2);
    for (const name of ['1', '2', '3']) await call(name, 'alice');
    expect(started).to.deep.equal(['1', '2']);
    await end('1');
    expect(started).to.deep.equal(['1', '2', '3']);
  });

  it("starts bob's call if alice's call has used the only slot for five seconds", async () => {
    const { clock, started, call, end } = createBed(1);
    await call('alice 1', 'alice');
    await call('alice 2', 'alice');
    await call('bob 1', 'bob');
    clock.pass(4_999);
    await turn();
    expect(started).to.deep.equal(['alice 1']);
    clock.pass(1);
    await turn();
    expect(started).to.deep.equal(['alice 1', 'bob 1']);
    await end('alice 1');
    expect(started).to.deep.equal(['alice 1', 'bob 1']);
    await end('bob 1');
    expect(started).to.deep.equal(['alice 1', 'bob 1', 'alice 2']);
  });

  it("starts no other call while a call of the daemon's user uses the only slot", async () => {
    const { clock, started, call } = createBed(1);
    await call('own');
    await call('bob', 'bob');
    clock.pass(60_000);
    await turn();
    expect(started).to.deep.equal(['own']);
  });

  it("permits one call at a time again when a mapped user's slow call ends", async () => {
    const { clock, started, call, end } = createBed(1);
    await call('alice', 'alice');
    clock.pass(5_000);
    await turn();
    await end('alice');
    for (const user of ['bob', 'carol']) await call(user, user);
    expect(started).to.deep.equal(['alice', 'bob']);
  });

  it('never starts a waiting call that was aborted', async () => {
    const { slots, started, call, end } = createBed(1);
    await call('1');
    const stop = new AbortController();
    const aborted = rejection(slots.run(() => Promise.resolve(), { user: 'alice', signal: stop.signal }));
    await call('2', 'alice');
    stop.abort(new Error('stopped'));
    expect((await aborted).message).to.equal('stopped');
    await end('1');
    expect(started).to.deep.equal(['1', '2']);
  });
});

describe('inParallel (processes the items of a list)', () => {
  it('processes five items, at most two at once', async () => {
    const done: number[] = [];
    let atOnce = 0;
    let most = 0;

    await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      most = Math.max(most, (atOnce += 1));
      await turn();
      atOnce -= 1;
      done.push(item);
    });

    expect(done).to.have.members([1, 2, 3, 4, 5]);
    expect(most).to.equal(2);
  });

  it('starts no further item after a failure, and throws the first error', async () => {
    const seen: string[] = [];

    const error = await rejection(
      inParallel(['bad', 'slow', 'never'], 2, async (item) => {
        seen.push(`${item} begins`);
        if (item === 'bad') throw new Error('bad');
        await turn();
        seen.push(`${item} ends`);
      }),
    );

    expect(error).to.have.property('message', 'bad');
    expect(seen).to.deep.equal(['bad begins', 'slow begins', 'slow ends']);
  });

  it('does nothing if the list is empty', async () => {
    await inParallel([], 3, () => Promise.reject(new Error('called')));
  });
});
