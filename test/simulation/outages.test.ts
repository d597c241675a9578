// Outages know the time in which everything was suspended.
import { expect } from 'chai';
import { createOutages } from './outages.ts';

describe('the measured time of a simulated round', () => {
  it('excludes suspensions of the whole simulation', () => {
    let now = 0;
    const outages = createOutages(() => now);
    const suspend = (forMs: number): void => {
      const from = now;
      now += forMs;
      outages.suspended(from);
    };

    now = 10;
    suspend(1_000);
    now += 5;
    suspend(100);
    now += 2;

    expect([0, 10, 510, 1_010, 1_012, 1_115].map((from) => outages.awakeMsSince(from))).to.deep.equal([
      17, 7, 7, 7, 5, 2,
    ]);
  });
});
