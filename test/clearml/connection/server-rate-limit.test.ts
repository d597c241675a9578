// When new claims wait for the ClearML server, and how long calls wait that it refused because it is busy.
import { expect } from 'chai';
import { createServerRateLimit, type ServerRateLimit } from '../../../src/clearml/connection/server-rate-limit.ts';
import { ServerBusyError } from '../../../src/clearml/errors.ts';
import { rejection } from '../../support/rejection.ts';
import { createSetClock, makeClient, queueId, taskId } from '../client-under-test.ts';
import { data, page } from '../scripted-server.ts';
import { createScriptedServerFixture } from '../scripted-server-fixture.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));

describe('the rate limit of calls to ClearML', () => {
  function limited(random = 0): {
    rate: ServerRateLimit;
    clock: ReturnType<typeof createSetClock>;
    logged: string[];
    waitMs(calls?: number): number;
  } {
    const clock = createSetClock(NOW);
    const logged: string[] = [];
    const log = { warn: (message: string) => void logged.push(message) };
    const rate = createServerRateLimit(10, clock, { log, random: () => random });
    return { rate, clock, logged, waitMs: (calls = 4) => rate.waitMs(clock.now(), calls) };
  }

  function call({ rate }: ReturnType<typeof limited>, endpoint: string, times: number): void {
    for (let count = 0; count < times; count += 1) rate.started(endpoint);
  }

  it('limits a burst to the calls that the rate allows in two seconds', () => {
    const made = limited();
    expect(made.waitMs()).to.equal(0);
    call(made, 'queues.get_next_task', 18);

    expect(made.waitMs()).to.equal(200);
    made.clock.set(NOW + 200);
    expect(made.waitMs()).to.equal(0);
  });

  it('counts every call that a claim makes, even calls beyond the burst', () => {
    const made = limited();
    call(made, 'queues.add_task', 30);

    expect(made.waitMs()).to.equal(1_400);
  });

  it('reserves half of the rate for claims, even after 1,000 other calls', () => {
    const made = limited();
    call(made, 'tasks.get_by_id', 1_000);

    expect(made.waitMs()).to.equal(300);
    made.clock.set(NOW + 600);
    call(made, 'tasks.get_by_id', 1);
    expect(made.waitMs()).to.equal(0);
  });

  it('permits fewer calls while responses are slow (C-38)', () => {
    const made = limited();
    call(made, 'queues.add_task', 20);
    for (let count = 0; count < 100; count += 1) made.rate.answered(3_000);
    expect(made.waitMs()).to.be.within(3_999, 4_001);

    for (let count = 0; count < 100; count += 1) made.rate.answered(20);
    expect(made.waitMs()).to.equal(400);
  });

  it('doubles the delay after each refusal of the server, up to one minute (C-38)', () => {
    const made = limited();
    const pauses: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      made.rate.refused(undefined);
      pauses.push(made.waitMs());
      made.clock.set(made.clock.now() + made.waitMs());
    }
    expect(pauses).to.deep.equal([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);

    made.rate.answered(10);
    made.rate.refused(undefined);
    expect(made.waitMs()).to.equal(1_000);
  });

  it('delays calls by the time in Retry-After, plus jitter', () => {
    const made = limited(1);
    made.rate.refused(120_000);

    expect(made.waitMs()).to.equal(150_000);
    made.rate.answered();
    expect(made.waitMs()).to.equal(150_000);
  });

  it('shortens a Retry-After of one day to ten minutes, and logs one warning', () => {
    const made = limited();
    for (let count = 0; count < 3; count += 1) {
      made.rate.refused(24 * 3_600_000);
      expect(made.waitMs()).to.equal(600_000);
      made.clock.set(made.clock.now() + made.waitMs());
    }
    expect(made.logged).to.deep.equal([
      'ClearML requests a delay (Retry-After) of more than ten minutes; claiming again after ten minutes',
    ]);
  });

  it('shortens a delay of one minute to one second when the server responds again', () => {
    const made = limited();
    for (let count = 0; count < 8; count += 1) {
      made.clock.set(made.clock.now() + made.waitMs());
      made.rate.refused(undefined);
    }
    expect(made.waitMs()).to.equal(60_000);

    made.rate.answered();
    expect(made.waitMs()).to.equal(1_000);
  });

  for (const [what, retryAfterMs] of [
    ['after a refusal', undefined],
    ['after a refusal with Retry-After', 60_000],
  ] as const)
    it(`causes no delay if the clock is set back by an hour ${what}`, () => {
      const made = limited();
      made.rate.refused(retryAfterMs);
      made.clock.set(NOW + 300_000);
      made.rate.answered(10);
      expect(made.waitMs()).to.equal(0);

      made.clock.set(NOW - 3_600_000);
      expect(made.waitMs()).to.equal(0);
      made.rate.answered(10);
      expect(made.waitMs()).to.equal(0);

      made.rate.refused(undefined);
      expect(made.waitMs()).to.equal(1_000);
    });

  it('counts five refusals during one delay as one refusal', () => {
    const made = limited();
    for (let count = 0; count < 5; count += 1) made.rate.refused(undefined);

    expect(made.waitMs()).to.equal(1_000);
  });
});

describe('the ClearML client (busy server)', () => {
  const fixture = createScriptedServerFixture();
  const found = data({ task: { id: TASK, status: 'queued' } });

  it('waits for the time in Retry-After before it retries (C-38)', async () => {
    fixture.server.script('tasks.get_by_id', page(429, '', { 'retry-after': '1' }), found);
    const startedAt = performance.now();

    await fixture.client().tasks.get(TASK);

    // Timers may fire a moment early.
    expect(performance.now() - startedAt).to.be.at.least(990);
    expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(2);
  });

  for (const [what, retryAfter, waitMs] of [
    ['seconds', () => '3600', 3_600_000],
    ['date', () => new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
  ] as const)
    it(`does not retry if Retry-After (${what}) exceeds the retry time`, async () => {
      fixture.server.script('tasks.get_by_id', page(503, '', { 'retry-after': retryAfter() }));

      const error = await rejection(fixture.client().tasks.get(TASK));

      expect(error).to.be.instanceOf(ServerBusyError);
      expect((error as ServerBusyError).retryAfterMs).to.be.within(waitMs - 600_000, waitMs);
      expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(1);
    });

  it('reports at once that a removal may have had an effect, and ignores Retry-After', async () => {
    fixture.server.script('queues.remove_task', page(503, '', { 'retry-after': '60' }));
    const client = fixture.client({ timeouts: { retryMs: 600_000 } });

    const error = await rejection(client.queues.removeEntry(QUEUE, TASK));

    expect(error).to.be.instanceOf(ServerBusyError).and.have.property('mayHaveHappened', true);
  });

  it('retries with backoff if Retry-After is missing or unreadable', async () => {
    fixture.server.script('tasks.get_by_id', page(429, ''), page(503, '', { 'retry-after': 'soon' }), found);

    await fixture.client().tasks.get(TASK);

    expect(fixture.server.callsOf('tasks.get_by_id')).to.have.length(3);
  });

  it('informs the rate limit of each refusal and of the duration of each call', async () => {
    const told: string[] = [];
    const rateLimit: ServerRateLimit = {
      waitMs: () => 0,
      started: (endpoint) => void told.push(`started ${endpoint}`),
      answered: (tookMs) => void told.push(tookMs === undefined ? 'answered' : 'answered in time'),
      refused: (retryAfterMs) => void told.push(`refused ${retryAfterMs ?? ''}`),
    };
    fixture.server.script('tasks.get_by_id', page(429, '', { 'retry-after': '0' }), found);
    fixture.server.script('tasks.get_all', data({ tasks: [] }));
    const client = makeClient(fixture.server.url, { rateLimit });
    try {
      await client.tasks.get(TASK);
      await client.tasks.read([TASK]);
    } finally {
      await client.close();
    }

    // The duration of a list depends on its length.
    expect(told).to.deep.equal([
      'started tasks.get_by_id',
      'refused 0',
      'started tasks.get_by_id',
      'answered in time',
      'started tasks.get_all',
      'answered',
    ]);
  });
});
