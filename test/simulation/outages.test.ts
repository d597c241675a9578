// What the weather of a round remembers of the time that nobody was awake in.
import { expect } from 'chai';
import { createOutages } from './outages.ts';

describe('the weather of a simulated round', () => {
  it('counts the time since a moment without that in which everybody slept', () => {
    let now = 0;
    const weather = createOutages(() => now);
    const sleep = (forMs: number): void => {
      const from = now;
      now += forMs;
      weather.suspended(from);
    };

    now = 10;
    sleep(1_000);
    now += 5;
    sleep(100);
    now += 2;

    expect([0, 10, 510, 1_010, 1_012, 1_115].map((from) => weather.awakeMsSince(from))).to.deep.equal([
      17, 7, 7, 7, 5, 2,
    ]);
  });
});
