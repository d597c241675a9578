// How many calls may start in a period, and how those that do not wait count.
import { expect } from 'chai';
import fc from 'fast-check';
import { createRateLimit } from '../../src/base/token-bucket.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('the rate limit', () => {
  it('permits a burst of calls at once, and then calls at the configured rate', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 20 });
    let begun = 0;
    for (; limit.waitMs(NOW) === 0; begun += 1) limit.spend(NOW);

    expect(begun).to.equal(20);
    expect(limit.waitMs(NOW)).to.equal(100);
    expect(limit.waitMs(NOW + 60)).to.equal(40);
    expect(limit.waitMs(NOW + 100)).to.equal(0);
  });

  it('permits one call immediately, even if the rate is one call a minute', () => {
    const limit = createRateLimit({ perSecond: 1 / 60, burst: 1 });
    expect(limit.waitMs(NOW)).to.equal(0);
    limit.spend(NOW);

    expect(limit.waitMs(NOW)).to.equal(60_000);
  });

  it('delays a call by one second even if the clock is set back by an hour', () => {
    const limit = createRateLimit({ perSecond: 1, burst: 2 });
    limit.spend(NOW);
    limit.spend(NOW);

    expect(limit.waitMs(NOW - 3_600_000)).to.equal(1_000);
    expect(limit.waitMs(NOW - 3_600_000 + 1_000)).to.equal(0);
  });

  it('never permits more calls than the burst plus the rate times the elapsed time (S-15)', () => {
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

  it('delays a submission by only one interval, even after 1,000 calls that bypass the limit', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 20 });
    for (let calls = 0; calls < 10; calls += 1) limit.spendAside(NOW);
    let begun = 0;
    for (; limit.waitMs(NOW) === 0; begun += 1) limit.spend(NOW);
    expect(begun).to.equal(10);

    for (let calls = 0; calls < 1_000; calls += 1) limit.spendAside(NOW);
    expect(limit.waitMs(NOW)).to.equal(100);
  });

  it('reserves half of the rate for submissions while other calls bypass the limit', () => {
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

  it('delays a group of five calls by five intervals, and a larger group by at most 20 intervals', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 20 });
    for (let calls = 0; calls < 20; calls += 1) limit.spend(NOW);

    expect(limit.waitMs(NOW, 5)).to.equal(500);
    expect(limit.waitMs(NOW + 500, 5)).to.equal(0);
    expect(limit.waitMs(NOW + 500, 100)).to.equal(1_500);
  });

  it('lowers the rate of calls while the server is slow', () => {
    const limit = createRateLimit({ perSecond: 10, burst: 1 });
    limit.spend(NOW);
    limit.slow(5);
    expect(limit.waitMs(NOW)).to.equal(500);
    expect(limit.waitMs(NOW + 400)).to.equal(100);

    limit.slow(0.08);
    expect(limit.waitMs(NOW + 400)).to.equal(20);
  });
});
