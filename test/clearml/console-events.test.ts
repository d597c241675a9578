// How the client sends lines to a task's console.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.ts';
import { ServerUnreachableError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createScriptedServerFixture } from './scripted-server-fixture.ts';
import { createSetClock, taskId, type LoggedLine } from './client-under-test.ts';
import { data, hangUp, later, page, refuse } from './scripted-server.ts';

const TASK = taskId('a'.repeat(32));
const OTHER = taskId('b'.repeat(32));

describe('the console logger of the ClearML client', () => {
  const fixture = createScriptedServerFixture();

  const added = data({ added: 1, errors: 0, errors_info: {} });

  function events(): { msg: string; timestamp: number; level: string }[] {
    return fixture.server
      .callsOf('events.add_batch')
      .flatMap((call) => call.body.split('\n'))
      .map((line) => JSON.parse(line) as { msg: string; timestamp: number; level: string });
  }

  function linesPerCall(): number[] {
    return fixture.server.callsOf('events.add_batch').map(({ body }) => body.split('\n').length);
  }

  it('sends lines as JSON, with timestamps one millisecond apart, even across calls (C-25)', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client({ clock: createSetClock(5000) });

    await console.log(TASK, 'w', [
      { level: 'INFO', text: 'one' },
      { level: 'ERROR', text: 'two\nthree' },
    ]);
    await console.log(TASK, 'w', [{ level: 'INFO', text: 'four' }]);

    expect(fixture.server.callsOf('events.add_batch')[0]?.contentType).to.equal('application/json-lines');
    expect(events()).to.deep.equal([
      { type: 'log', task: TASK, worker: 'w', level: 'INFO', msg: 'one', timestamp: 5000 },
      { type: 'log', task: TASK, worker: 'w', level: 'ERROR', msg: 'two\nthree', timestamp: 5001 },
      { type: 'log', task: TASK, worker: 'w', level: 'INFO', msg: 'four', timestamp: 5002 },
    ]);
  });

  it('splits lines at 64 KiB and sends at most 1 MiB per call', async () => {
    fixture.server.script('events.add_batch', added);
    const line = `${'x'.repeat(1023)}\n`;

    await fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: line.repeat(2000) }]);

    expect(
      events()
        .map(({ msg }) => msg)
        .join(''),
    ).to.equal(line.repeat(2000));
    for (const { msg } of events()) expect(msg.length).to.be.at.most(65_536);
    expect(fixture.server.callsOf('events.add_batch')).to.have.length(2);
  });

  it('replaces half of a surrogate pair in a truncated line with U+FFFD', async () => {
    fixture.server.script('events.add_batch', added);

    await fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: `${'🚀'.slice(0, 1)} 🚀` }]);

    expect(events().map(({ msg }) => msg)).to.deep.equal(['\ufffd 🚀']);
  });

  it('does not repeat lines that the server may have received (C-25)', async () => {
    fixture.server.script('events.add_batch', hangUp());

    const error = await rejection(fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]));

    expect(error).to.be.instanceOf(ServerUnreachableError);
    expect(fixture.server.callsOf('events.add_batch')).to.have.length(1);
  });

  it('repeats lines if the server returned 429', async () => {
    fixture.server.script('events.add_batch', page(429, ''), added);

    await fixture.client().events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]);

    expect(fixture.server.callsOf('events.add_batch')).to.have.length(2);
  });

  it('throws no error if the task accepts no lines', async () => {
    const logged: LoggedLine[] = [];
    fixture.server.script('events.add_batch', refuse(400, 131, 'events not added'));

    await fixture.client({ logged }).events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]);

    expect(logged.map(({ level, data: about }) => [level, about?.['task']])).to.deep.equal([['debug', TASK]]);
  });

  it('sends the waiting lines of several tasks in one call, in order', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client({ clock: createSetClock(5000) });
    const logLine = (task: typeof TASK, text: string): Promise<void> =>
      console.log(task, 'w', [{ level: 'INFO', text }]);

    await Promise.all([logLine(TASK, 'first'), logLine(OTHER, 'a'), logLine(TASK, 'b'), logLine(OTHER, 'c')]);

    expect(linesPerCall()).to.deep.equal([4]);
    expect(events().map(({ msg, timestamp }) => [msg, timestamp])).to.deep.equal([
      ['first', 5000],
      ['a', 5001],
      ['b', 5002],
      ['c', 5003],
    ]);
  });

  it('sends all lines that arrive during a call together in the next call', async () => {
    let respond = (): void => undefined;
    const gate = new Promise<void>((resolve) => (respond = resolve));
    fixture.server.script('events.add_batch', later(gate, added), added);
    const { events: console } = fixture.client();
    const logLine = (task: typeof TASK): Promise<void> => console.log(task, 'w', [{ level: 'INFO', text: 'x' }]);

    const first = logLine(TASK);
    await waitUntil('the first call', () => Promise.resolve(fixture.server.calls.length > 1));
    const others = [logLine(OTHER), logLine(TASK), logLine(OTHER)];
    respond();
    await Promise.all([first, ...others]);

    expect(linesPerCall()).to.deep.equal([1, 3]);
  });

  it('reports an error for each task whose lines did not reach the server', async () => {
    fixture.server.script('events.add_batch', hangUp(), added);
    const { events: console } = fixture.client();
    const logLine = (task: typeof TASK): Promise<void> => console.log(task, 'w', [{ level: 'INFO', text: 'x' }]);

    const outcomes = await Promise.allSettled([logLine(TASK), logLine(OTHER)]);
    const after = await Promise.allSettled([logLine(TASK)]);

    expect([...outcomes, ...after].map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'fulfilled']);
  });

  for (const [what, refusal] of [
    ['the server', refuse(400, 12, 'invalid')],
    ['a proxy', page(413, '<html>Request Entity Too Large</html>')],
  ] as const)
    it(`sends one call for each task if ${what} refuses the lines of several tasks`, async () => {
      fixture.server.script('events.add_batch', refusal, refusal, added);
      const { events: console } = fixture.client();
      const logLine = (task: typeof TASK, text: string): Promise<void> =>
        console.log(task, 'w', [{ level: 'INFO', text }]);

      const outcomes = await Promise.allSettled([
        logLine(TASK, 'a'),
        logLine(OTHER, 'b'),
        logLine(TASK, 'c'),
        logLine(OTHER, 'd'),
      ]);

      expect(linesPerCall()).to.deep.equal([4, 2, 2]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
      expect(events().map(({ msg }) => msg)).to.deep.equal(['a', 'b', 'c', 'd', 'a', 'c', 'b', 'd']);
    });

  it('sends a deferred line together with the next line of any task', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client({ clock: createSleepingClock() });

    const deferred = [
      console.logLater(TASK, 'w', [{ level: 'INFO', text: 'a' }]),
      console.logLater(OTHER, 'w', [{ level: 'INFO', text: 'b' }]),
    ];
    await turn();
    expect(fixture.server.calls).to.have.length(0);
    await console.log(TASK, 'w', [{ level: 'INFO', text: 'c' }]);
    await Promise.all(deferred);

    expect(linesPerCall()).to.deep.equal([3]);
    expect(events().map(({ msg, timestamp }) => [msg, timestamp])).to.deep.equal([
      ['a', 5000],
      ['b', 5001],
      ['c', 5002],
    ]);
  });

  it('sends a deferred line after one second at the latest', async () => {
    fixture.server.script('events.add_batch', added);
    const clock = createSleepingClock();
    const { events: console } = fixture.client({ clock });

    for (const text of ['a', 'b']) {
      const deferred = console.logLater(TASK, 'w', [{ level: 'INFO', text }]);
      await turn();
      expect(clock.sleeps.map(({ ms }) => ms)).to.deep.equal([1_000]);
      clock.wakeAll();
      await deferred;
    }

    expect(events().map(({ msg }) => msg)).to.deep.equal(['a', 'b']);
  });

  it('stops the timer of deferred lines when the client is closed', async () => {
    const clock = createSleepingClock();
    const client = fixture.client({ clock });

    void client.events.logLater(TASK, 'w', [{ level: 'INFO', text: 'a' }]);
    await client.close();

    expect(clock.sleeps.map(({ signal }) => signal?.aborted)).to.deep.equal([true]);
  });

  it('flushes deferred lines without an error if the call fails', async () => {
    fixture.server.script('events.add_batch', added, hangUp());
    const { events: console } = fixture.client();
    const logLine = (): Promise<void> => console.logLater(TASK, 'w', [{ level: 'INFO', text: 'x' }]);

    const outcomes: Promise<void>[] = [];
    for (let round = 0; round < 2; round += 1) {
      outcomes.push(logLine());
      void outcomes.at(-1)?.catch(() => undefined);
      await console.flush();
    }

    expect((await Promise.allSettled(outcomes)).map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
  });

  it('sends deferred lines as soon as 100 are waiting', async () => {
    fixture.server.script('events.add_batch', added);
    const { events: console } = fixture.client();

    const outcomes = Array.from({ length: 101 }, () => console.logLater(TASK, 'w', [{ level: 'INFO', text: 'x' }]));
    await Promise.all(outcomes);

    expect(linesPerCall()).to.deep.equal([100, 1]);
  });

  it('sends no request if there are no lines', async () => {
    await fixture.client().events.log(TASK, 'w', []);

    expect(fixture.server.calls).to.have.length(0);
  });
});

interface Sleep {
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
  readonly wake: () => void;
}

/** A clock that stands at 5 seconds, and whose sleepers wake on demand. */
function createSleepingClock(): Clock & { readonly sleeps: Sleep[]; wakeAll(): void } {
  const sleeps: Sleep[] = [];
  return {
    sleeps,
    now: () => 5_000,
    sleep: (ms, signal) => new Promise((wake) => sleeps.push({ ms, signal, wake })),
    wakeAll() {
      for (const { wake } of sleeps.splice(0)) wake();
    },
  };
}
