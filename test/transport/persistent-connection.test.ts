// One login for all calls: how often it is repeated, and how soon.
import { expect } from 'chai';
import type { Clock } from '../../src/base/clock.ts';
import { HostUnreachableError, LoginRefusedError } from '../../src/transport/errors.ts';
import {
  createPersistentConnection,
  type Connection,
  type PersistentConnection,
  loginDelayMs,
  defaultLoginBackoff,
} from '../../src/transport/persistent-connection.ts';
import { rejection } from '../support/rejection.ts';

interface Line extends Connection {
  readonly lose: (why: Error) => void;
}

function openLine(): Line {
  let lose: Line['lose'] = () => undefined;
  const lost = new Promise<Error>((resolve) => (lose = resolve));
  return { lost, lose, close: () => lose(new Error('closed')) };
}

/** Time passes only for waiting calls. */
function ownClock(): Clock & { pass(ms: number): void } {
  let time = 0;
  return {
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
    pass: (ms) => (time += ms),
  };
}

describe('a persistent connection', () => {
  let clock: ReturnType<typeof ownClock>;
  let isUp: boolean;
  let login: PersistentConnection<Line>;

  beforeEach(() => {
    clock = ownClock();
    isUp = true;
    login = createPersistentConnection<Line>({
      logIn: () => (isUp ? Promise.resolve(openLine()) : Promise.reject(new HostUnreachableError('nobody is there.'))),
      backoff: defaultLoginBackoff,
      clock,
      random: () => 0,
    });
  });

  it('is shared by simultaneous and later calls', async () => {
    const [first, second] = await Promise.all([login.get(), login.get()]);

    expect(first).to.equal(second);
    expect(await login.get()).to.equal(first);
    expect(login.count()).to.equal(1);
  });

  it('is opened again immediately if it is lost after an hour', async () => {
    const line = await login.get();
    clock.pass(3_600_000);
    line.lose(new Error('cut'));
    await line.lost;

    expect(await login.get()).not.to.equal(line);
    expect(clock.now()).to.equal(3_600_000);
  });

  it('delays a call if the next login is due in four seconds', async () => {
    const line = await login.get();
    clock.pass(1_000);
    line.lose(new Error('cut'));
    await line.lost;
    await login.get();

    expect(clock.now()).to.equal(5_000);
  });

  it('fails a call immediately with the last error if the next login is due in 20 seconds', async () => {
    isUp = false;
    for (const [passed, words] of [
      [0, 'nobody is there.'],
      [5_000, 'nobody is there.'],
      [0, 'nobody is there.'],
      [0, 'nobody is there. Retrying in 20 s.'],
    ] as const) {
      clock.pass(passed);
      const error = await rejection(login.get());

      expect(error).to.be.instanceOf(HostUnreachableError);
      expect(error.message).to.equal(words);
    }
    expect(login.count()).to.equal(3);
  });

  it('is opened again at once if the clock was set back during the backoff', async () => {
    clock.pass(3 * 3_600_000);
    isUp = false;
    await rejection(login.get());
    await rejection(login.get());
    isUp = true;
    clock.pass(-3 * 3_600_000);

    const before = clock.now();
    await login.get();

    expect(clock.now()).to.equal(before);
  });

  it('tries fewer than 320 logins a day to an unreachable host', async () => {
    isUp = false;
    for (let second = 0; second < 86_400; second += 1) {
      clock.pass(1_000);
      await rejection(login.get());
    }

    expect(login.count()).to.be.below(320);
  });

  it('waits for the maximum backoff after a rejected login', async () => {
    login = createPersistentConnection<Line>({
      logIn: () => Promise.reject(new LoginRefusedError('no key.')),
      backoff: defaultLoginBackoff,
      clock,
      random: () => 0,
    });
    await rejection(login.get());
    clock.pass(280_000);
    const error = await rejection(login.get());

    expect(error).to.be.instanceOf(HostUnreachableError);
    expect(error.message).to.equal('no key. Retrying in 20 s.');
    expect(login.count()).to.equal(1);
  });

  it('makes fewer than 300 logins a day even if every connection is lost immediately', async () => {
    while (clock.now() < 86_400_000) {
      const line = await login.get().catch(() => undefined);
      line?.lose(new Error('cut'));
      await line?.lost;
      clock.pass(1_000);
    }

    expect(login.count()).to.be.below(300);
  });

  it('rejects calls after it is closed', async () => {
    await login.get();
    login.close(new Error('the daemon stops'));

    expect(await rejection(login.get())).to.have.property('message', 'the daemon stops');
  });

  it('uses jitter in its login backoff', () => {
    expect([0, 1].map((random) => loginDelayMs(defaultLoginBackoff, 0, random))).to.deep.equal([5_000, 3_750]);
    expect(loginDelayMs(defaultLoginBackoff, 50, 0)).to.equal(300_000);
  });
});
