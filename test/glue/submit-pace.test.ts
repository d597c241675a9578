// How many submissions may begin in how long.
import { expect } from 'chai';
import fc from 'fast-check';
import { createSubmitPace } from '../../src/glue/submit-pace.ts';
import { NOW } from './sightings.ts';

describe('the pace of submissions', () => {
  it('lets a burst begin at once, and then one after the other', () => {
    const pace = createSubmitPace(10);
    let begun = 0;
    for (; pace.waitMs(NOW) === 0; begun += 1) pace.spend(NOW);

    expect(begun).to.equal(20);
    expect(pace.waitMs(NOW)).to.equal(100);
    expect(pace.waitMs(NOW + 60)).to.equal(40);
    expect(pace.waitMs(NOW + 100)).to.equal(0);
  });

  it('lets one begin at once where they may be a minute apart', () => {
    const pace = createSubmitPace(1 / 60);
    expect(pace.waitMs(NOW)).to.equal(0);
    pace.spend(NOW);

    expect(pace.waitMs(NOW)).to.equal(60_000);
  });

  it('brings nothing for a clock that is set back, and nothing is lost by it', () => {
    const pace = createSubmitPace(1);
    pace.spend(NOW);
    pace.spend(NOW);

    expect(pace.waitMs(NOW - 3_600_000)).to.equal(1_000);
    expect(pace.waitMs(NOW - 3_600_000 + 1_000)).to.equal(0);
  });

  it('S-15 is never more than the burst and so many a second, however they are asked for', () => {
    const rate = fc.double({ min: 0.1, max: 100, noNaN: true });
    fc.assert(
      fc.property(rate, fc.array(fc.nat(5_000), { maxLength: 60 }), (perSecond, steps) => {
        const pace = createSubmitPace(perSecond);
        let now = NOW;
        let begun = 0;
        for (const step of steps) {
          now += step;
          for (; pace.waitMs(now) === 0; begun += 1) pace.spend(now);
        }
        const most = Math.max(1, 2 * perSecond) + (perSecond * (now - NOW)) / 1000;
        expect(begun).to.be.at.most(most + 0.001);
      }),
    );
  });
});
