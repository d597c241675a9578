// The wait for a server that does not respond: after three seconds, the user sees the error and when the program gives up.
import { expect } from 'chai';
import { firstResponse } from '../../src/assembly/clearml-from-config.ts';
import { ServerUnreachableError } from '../../src/clearml/errors.ts';
import { createSimulatedClock } from '../simulation/clock.ts';
import { rejection } from '../support/rejection.ts';

const REFUSED = new ServerUnreachableError(
  'no usable response from http://h:1 to auth.login: nothing listens on its port',
  false,
);

/** Calls a server that responds when the test says so, with a clock that only the test moves. */
function waiting(giveUpMs: number | undefined, lastFailure?: ServerUnreachableError) {
  const time = createSimulatedClock(1_000_000);
  const notices: string[] = [];
  let resolve: (answer: string) => void = () => undefined;
  const promise = new Promise<string>((answered) => (resolve = answered));
  const stop = new AbortController();
  const answer = firstResponse(() => promise, {
    clock: time.of(0),
    giveUpMs,
    stop: stop.signal,
    server: 'http://h:1',
    triesMs: 30_000,
    lastFailure: () => lastFailure,
    notice: ({ why, until }) => notices.push(`${why} until ${until - 1_000_000}`),
  });
  return { time, notices, resolve: (text: string) => resolve(text), answer, stop };
}

describe('the first call to the ClearML server', () => {
  it('reports the error and the time limit after three seconds', async () => {
    const { time, notices, resolve, answer } = waiting(10_000, REFUSED);
    time.pass(2_999);
    await Promise.resolve();
    expect(notices).to.deep.equal([]);
    time.pass(1);
    resolve('late');
    expect(await answer).to.equal('late');
    expect(notices).to.deep.equal([`${REFUSED.message} until 10000`]);
  });

  it('fails at the time limit with the error of the last attempt', async () => {
    const { time, answer } = waiting(10_000, REFUSED);
    time.pass(10_000);
    const error = await rejection(answer);
    expect(error).to.be.instanceOf(ServerUnreachableError);
    expect(error.message).to.equal(`${REFUSED.message}; gave up after 10 s`);
  });

  it('reports "no response" while the first attempt hangs', async () => {
    const { time, notices, answer } = waiting(10_000);
    time.pass(3_000);
    time.pass(7_000);
    expect((await rejection(answer)).message).to.equal('no response from http://h:1; gave up after 10 s');
    expect(notices).to.deep.equal(['no response from http://h:1 yet until 10000']);
  });

  it('has no time limit in the daemon', async () => {
    const { time, notices, resolve, answer } = waiting(undefined, REFUSED);
    time.pass(3_000);
    time.pass(20_000);
    resolve('there');
    expect(await answer).to.equal('there');
    expect(notices).to.deep.equal([`${REFUSED.message} until 30000`]);
  });

  for (const [who, giveUpMs] of [
    ['a command such as status', 10_000],
    ['the daemon', undefined],
  ] as const)
    it(`ends at once on Ctrl-C in ${who}`, async () => {
      const { time, answer, stop } = waiting(giveUpMs, REFUSED);
      time.pass(3_000);
      const reason = new Error('got SIGINT');
      stop.abort(reason);
      expect(await rejection(answer)).to.equal(reason);
    });

  it('reports nothing if the server responds immediately', async () => {
    const { time, notices, resolve, answer } = waiting(10_000);
    resolve('now');
    expect(await answer).to.equal('now');
    expect(time.nextWakeAt()).to.equal(undefined);
    expect(notices).to.deep.equal([]);
  });
});
