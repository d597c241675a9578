// How many submissions may begin in how long, and what everything else that Slurm is asked has to do with it.
import { expect } from 'chai';
import fc from 'fast-check';
import { callRate, createRateLimit, withRateLimit } from '../../src/slurm/rate-limit.ts';
import type { JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import { createSimulatedClock } from '../simulation/clock.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('the pace of submissions', () => {
  it('lets a burst begin at once, and then one after the other', () => {
    const pace = createRateLimit({ perSecond: 10, burst: 20 });
    let begun = 0;
    for (; pace.waitMs(NOW) === 0; begun += 1) pace.spend(NOW);

    expect(begun).to.equal(20);
    expect(pace.waitMs(NOW)).to.equal(100);
    expect(pace.waitMs(NOW + 60)).to.equal(40);
    expect(pace.waitMs(NOW + 100)).to.equal(0);
  });

  it('lets one begin at once where they may be a minute apart', () => {
    const pace = createRateLimit({ perSecond: 1 / 60, burst: 1 });
    expect(pace.waitMs(NOW)).to.equal(0);
    pace.spend(NOW);

    expect(pace.waitMs(NOW)).to.equal(60_000);
  });

  it('brings nothing for a clock that is set back, and nothing is lost by it', () => {
    const pace = createRateLimit({ perSecond: 1, burst: 2 });
    pace.spend(NOW);
    pace.spend(NOW);

    expect(pace.waitMs(NOW - 3_600_000)).to.equal(1_000);
    expect(pace.waitMs(NOW - 3_600_000 + 1_000)).to.equal(0);
  });

  it('S-15 is never more than the burst and so many a second, however they are asked for', () => {
    const rate = fc.double({ min: 0.1, max: 100, noNaN: true });
    fc.assert(
      fc.property(rate, fc.array(fc.nat(5_000), { maxLength: 60 }), (perSecond, steps) => {
        const burst = Math.max(1, 2 * perSecond);
        const pace = createRateLimit({ perSecond, burst });
        let now = NOW;
        let begun = 0;
        for (const step of steps) {
          now += step;
          for (; pace.waitMs(now) === 0; begun += 1) pace.spend(now);
        }
        const most = burst + (perSecond * (now - NOW)) / 1000;
        expect(begun).to.be.at.most(most + 0.001);
      }),
    );
  });

  it('counts what is not waited for, but leaves one for a submission', () => {
    const pace = createRateLimit({ perSecond: 10, burst: 20 });
    for (let calls = 0; calls < 10; calls += 1) pace.spendAside(NOW);
    let begun = 0;
    for (; pace.waitMs(NOW) === 0; begun += 1) pace.spend(NOW);
    expect(begun).to.equal(10);

    for (let calls = 0; calls < 1_000; calls += 1) pace.spendAside(NOW);
    expect(pace.waitMs(NOW)).to.equal(100);
  });

  it('lets submissions go on at half of it at the least, however often something else is asked', () => {
    const pace = createRateLimit({ perSecond: 0.1, burst: 1 });
    pace.spend(NOW);
    let begun = 0;
    for (let now = NOW; now < NOW + 200_000; now += 1_000) {
      pace.spendAside(now);
      if (pace.waitMs(now) > 0) continue;
      pace.spend(now);
      begun += 1;
    }
    expect(begun).to.be.within(9, 10);
  });

  it('is slower while Slurm takes seconds for its list of jobs', () => {
    const pace = createRateLimit({ perSecond: 10, burst: 1 });
    pace.spend(NOW);
    pace.heard(5_000);
    expect(pace.waitMs(NOW)).to.equal(500);
    expect(pace.waitMs(NOW + 400)).to.equal(100);

    pace.heard(80);
    expect(pace.waitMs(NOW + 400)).to.equal(20);
  });
});

describe('the rate of calls', () => {
  it('is what the admin has set, where the controller limits nothing', () => {
    expect(callRate(10, undefined)).to.deep.equal({ perSecond: 10, burst: 20 });
    expect(callRate(0.1, undefined)).to.deep.equal({ perSecond: 0.1, burst: 1 });
  });

  it('is four fifths of what the controller allows one user, where that is less', () => {
    expect(callRate(10, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 1.6, burst: 20 });
    expect(callRate(10, { perSecond: 1, burst: 1 })).to.deep.equal({ perSecond: 0.8, burst: 1 });
    expect(callRate(0.5, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 0.5, burst: 1 });
  });
});

describe('a scheduler with a pace', () => {
  const listed = { kind: 'listed', jobs: [] } as const;

  function paced(tookMs = 0): { scheduler: Scheduler; pace: ReturnType<typeof createRateLimit>; now: () => number } {
    const owned = createSimulatedClock(NOW);
    const clock = owned.of(1);
    const pace = createRateLimit({ perSecond: 1, burst: 10 });
    const slow = async (): Promise<typeof listed> => {
      owned.pass(tookMs);
      return await Promise.resolve(listed);
    };
    const inner: Scheduler = {
      facts: () => Promise.reject(new Error('no facts')),
      submit: () => Promise.resolve({ kind: 'unknown', words: '' }),
      list: slow,
      listAllUsers: slow,
      lookUp: slow,
      record: () => Promise.resolve(undefined),
      cancel: () => Promise.resolve(),
    };
    return { scheduler: withRateLimit(inner, pace, clock), pace, now: () => clock.now() };
  }

  it('takes a token for each look and cancellation, and none for what was waited for', async () => {
    const { scheduler, pace, now } = paced();
    await scheduler.list();
    await scheduler.listAllUsers();
    await scheduler.lookUp(['a', 'b'], 0);
    await scheduler.record('7' as JobId);
    await scheduler.cancel(['7' as JobId, '8' as JobId]);
    await scheduler.facts().catch(() => undefined);
    expect(await scheduler.submit({ jobName: 'a', script: '' })).to.deep.equal({ kind: 'unknown', words: '' });

    let left = 0;
    for (; pace.waitMs(now()) === 0; left += 1) pace.spend(now());
    expect(left).to.equal(4);
  });

  it('tells the pace how long its list of jobs took', async () => {
    const { scheduler, pace, now } = paced(4_000);
    await scheduler.list();

    while (pace.waitMs(now()) === 0) pace.spend(now());
    expect(pace.waitMs(now())).to.equal(4_000);
  });
});
