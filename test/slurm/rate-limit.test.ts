// How many submissions may start in a period, and how the other calls to Slurm count.
import { expect } from 'chai';
import fc from 'fast-check';
import { callRate, createRateLimit, withRateLimit } from '../../src/slurm/rate-limit.ts';
import type { JobFigures, JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import { createSimulatedClock } from '../simulation/clock.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('the rate limit of submissions', () => {
  it('permits a burst at once, and then one after the other', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 20 });
    let begun = 0;
    for (; limit.waitMs(NOW) === 0; begun += 1) limit.spend(NOW);

    expect(begun).to.equal(20);
    expect(limit.waitMs(NOW)).to.equal(100);
    expect(limit.waitMs(NOW + 60)).to.equal(40);
    expect(limit.waitMs(NOW + 100)).to.equal(0);
  });

  it('permits one at once if the rate is one a minute', () => {
    const limit = createRateLimit({ perSecond: 1 / 60, burst: 1 });
    expect(limit.waitMs(NOW)).to.equal(0);
    limit.spend(NOW);

    expect(limit.waitMs(NOW)).to.equal(60_000);
  });

  it('adds and loses no tokens if the clock is set back', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 2 });
    limit.spend(NOW);
    limit.spend(NOW);

    expect(limit.waitMs(NOW - 3_600_000)).to.equal(1_000);
    expect(limit.waitMs(NOW - 3_600_000 + 1_000)).to.equal(0);
  });

  it('S-15 never permits more than the burst plus the rate', () => {
    const rate = fc.double({ min: 0.1, max: 100, noNaN: true });
    fc.assert(
      fc.property(rate, fc.array(fc.nat(5_000), { maxLength: 60 }), (perSecond, steps) => {
        const burst = Math.max(1, 2 * perSecond);
        const limit = createRateLimit({ perSecond, burst });
        let now = NOW;
        let begun = 0;
        for (const step of steps) {
          now += step;
          for (; limit.waitMs(now) === 0; begun += 1) limit.spend(now);
        }
        const most = burst + (perSecond * (now - NOW)) / 1000;
        expect(begun).to.be.at.most(most + 0.001);
      }),
    );
  });

  it('takes tokens for other calls too, but leaves one for a submission', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 20 });
    for (let calls = 0; calls < 10; calls += 1) limit.spendAside(NOW);
    let begun = 0;
    for (; limit.waitMs(NOW) === 0; begun += 1) limit.spend(NOW);
    expect(begun).to.equal(10);

    for (let calls = 0; calls < 1_000; calls += 1) limit.spendAside(NOW);
    expect(limit.waitMs(NOW)).to.equal(100);
  });

  it('leaves at least half of the rate to submissions, for any number of other calls', () => {
    const limit = createRateLimit({ perSecond: 0.1, burst: 1 });
    limit.spend(NOW);
    let begun = 0;
    for (let now = NOW; now < NOW + 200_000; now += 1_000) {
      limit.spendAside(now);
      if (limit.waitMs(now) > 0) continue;
      limit.spend(now);
      begun += 1;
    }
    expect(begun).to.be.within(9, 10);
  });

  it('is lower while squeue takes seconds', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 1 });
    limit.spend(NOW);
    limit.heard(5_000);
    expect(limit.waitMs(NOW)).to.equal(500);
    expect(limit.waitMs(NOW + 400)).to.equal(100);

    limit.heard(80);
    expect(limit.waitMs(NOW + 400)).to.equal(20);
  });
});

describe('callRate', () => {
  it('is the configured rate if the controller has no limit', () => {
    expect(callRate(10, undefined)).to.deep.equal({ perSecond: 10, burst: 20 });
    expect(callRate(0.1, undefined)).to.deep.equal({ perSecond: 0.1, burst: 1 });
  });

  it("is four fifths of the controller's limit for a user, if that is lower", () => {
    expect(callRate(10, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 1.6, burst: 20 });
    expect(callRate(10, { perSecond: 1, burst: 1 })).to.deep.equal({ perSecond: 0.8, burst: 1 });
    expect(callRate(0.5, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 0.5, burst: 1 });
  });
});

describe('a scheduler with a rate limit', () => {
  const listed = { kind: 'listed', jobs: [] } as const;

  function limited(tookMs = 0): { scheduler: Scheduler; limit: ReturnType<typeof createRateLimit>; now: () => number } {
    const owned = createSimulatedClock(NOW);
    const clock = owned.of(1);
    const limit = createRateLimit({ perSecond: 1, burst: 10 });
    const slow = async (): Promise<typeof listed> => {
      owned.pass(tookMs);
      return await Promise.resolve(listed);
    };
    const inner: Scheduler = {
      facts: () => Promise.reject(new Error('no facts')),
      submit: () => Promise.resolve({ kind: 'unknown', message: '' }),
      list: slow,
      listAllUsers: slow,
      lookUp: slow,
      record: () => Promise.resolve(undefined),
      figures: () => Promise.resolve(new Map<JobId, JobFigures>()),
      cancel: () => Promise.resolve(),
    };
    return { scheduler: withRateLimit(inner, limit, clock), limit, now: () => clock.now() };
  }

  it('takes a token for each query and cancelled job, and none for a submission', async () => {
    const { scheduler, limit, now } = limited();
    await scheduler.list();
    await scheduler.listAllUsers();
    await scheduler.lookUp(['a', 'b'], 0);
    await scheduler.record('7' as JobId);
    await scheduler.cancel(['7', '8'].map((id) => ({ id: id as JobId, name: 'a' })));
    await scheduler.figures([{ id: '7' as JobId, name: 'a' }]);
    await scheduler.facts().catch(() => undefined);
    expect(await scheduler.submit({ jobName: 'a', script: '' })).to.deep.equal({ kind: 'unknown', message: '' });

    let left = 0;
    for (; limit.waitMs(now()) === 0; left += 1) limit.spend(now());
    expect(left).to.equal(2);
  });

  it('reports the duration of squeue to the rate limit', async () => {
    const { scheduler, limit, now } = limited(4_000);
    await scheduler.list();

    while (limit.waitMs(now()) === 0) limit.spend(now());
    expect(limit.waitMs(now())).to.equal(4_000);
  });
});
