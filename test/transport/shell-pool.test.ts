// The shells on one connection: their number, their order of use, and a server that opens no more.
import { expect } from 'chai';
import { createShellPool, MaxSessionsError, type ShellPool } from '../../src/transport/shell-pool.ts';
import { rejection } from '../support/rejection.ts';

interface Shell {
  readonly number: number;
  isUsable: () => boolean;
}

/** A signal that nobody gives. */
const never = (): AbortSignal => new AbortController().signal;

describe('a pool of shells', () => {
  let opened: number;
  let now: number;

  function poolOf(most: number, serverAllows = (): number => Infinity): ShellPool<Shell> {
    opened = 0;
    now = 0;
    return createShellPool(
      () => {
        if (opened >= serverAllows()) return Promise.reject(new MaxSessionsError('open failed'));
        opened += 1;
        return Promise.resolve({ number: opened, isUsable: () => true });
      },
      most,
      { now: () => now, sleep: () => Promise.resolve() },
    );
  }

  /** Runs so many works that each take a moment; resolves with the most that ran at once. */
  async function atOnce(pool: ShellPool<Shell>, count: number): Promise<number> {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: count }, () => pool.lend(work, never())));
    return most;
  }

  it('reuses a shell for successive calls', async () => {
    const pool = poolOf(4);
    for (let turn = 0; turn < 5; turn += 1) await pool.lend(() => Promise.resolve(), never());

    expect(opened).to.equal(1);
  });

  it('never uses more than four shells at once if its size is four', async () => {
    expect(await atOnce(poolOf(4), 30)).to.equal(4);
    expect(opened).to.equal(4);
  });

  it('runs six commands of other users at once, and keeps two shells free for the login user', async () => {
    const pool = poolOf(4);
    let running = 0;
    const ends: (() => void)[] = [];
    const works = Array.from({ length: 10 }, () =>
      pool.lend(
        () => {
          running += 1;
          return new Promise<void>((resolve) => ends.push(resolve));
        },
        never(),
        true,
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(running).to.equal(6);
    expect(await atOnce(pool, 5)).to.equal(2);

    for (let ended = 0; ended < 10; ended += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      ends[ended]?.();
    }
    await Promise.all(works);
    expect(await atOnce(pool, 30)).to.equal(8);
  });

  it('runs commands as another user even if the server permits only one shell', async () => {
    const pool = poolOf(4, () => 1);
    expect(await Promise.all([1, 2].map((n) => pool.lend(() => Promise.resolve(n), never(), true)))).to.deep.equal([
      1, 2,
    ]);
  });

  it('uses two shells if the server allows only two', async () => {
    expect(
      await atOnce(
        poolOf(4, () => 2),
        30,
      ),
    ).to.equal(2);
    expect(opened).to.equal(2);
  });

  it('tries all four shells again ten minutes after the server allowed only two', async () => {
    let allowed = 2;
    const pool = poolOf(4, () => allowed);
    expect(await atOnce(pool, 30)).to.equal(2);

    allowed = 4;
    now = 599_999;
    expect(await atOnce(pool, 30)).to.equal(2);
    now = 600_000;
    expect(await atOnce(pool, 30)).to.equal(4);
  });

  it('reports an error if the server allows no shell', async () => {
    expect(
      await rejection(
        atOnce(
          poolOf(4, () => 0),
          1,
        ),
      ),
    ).to.be.instanceOf(MaxSessionsError);
  });

  it('replaces an unusable shell', async () => {
    const pool = poolOf(1);
    await pool.lend((shell) => Promise.resolve((shell.isUsable = () => false)), never());

    expect(await pool.lend((shell) => Promise.resolve(shell.number), never())).to.equal(2);
  });

  it('skips a waiting call that was aborted, and runs the next call', async () => {
    const pool = poolOf(1);
    const gone = new AbortController();
    let letGo: () => void = () => undefined;
    const untilLetGo = new Promise<void>((resolve) => (letGo = resolve));
    const busy = pool.lend(() => untilLetGo, never());
    const waiting = rejection(pool.lend(() => Promise.reject(new Error('begun')), gone.signal));
    const next = pool.lend(() => Promise.resolve('next'), never());
    gone.abort(new Error('the daemon stops'));
    letGo();

    expect(await waiting).to.have.property('message', 'the daemon stops');
    expect(await next).to.equal('next');
    await busy;
  });
});
