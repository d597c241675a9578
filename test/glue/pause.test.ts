// The pause of a cluster that takes nothing: it grows, it has an end, and the first success ends it.
import { expect } from 'chai';
import fc from 'fast-check';
import { createPause, pauseMs } from '../../src/glue/pause.ts';

describe('the pause in taking tasks', () => {
  it('grows with each refusal in a row, and never beyond five minutes', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (refusals, jitter) => {
        expect(pauseMs(refusals, jitter)).to.be.within(0, 300_000);
        expect(pauseMs(refusals + 1, jitter)).to.be.at.least(pauseMs(refusals, jitter));
      }),
    );
  });

  it('counts several refusals of submissions that were under way together once', () => {
    const pause = createPause(() => 1);
    pause.refused(1_000);
    pause.refused(1_001);

    expect(pause.until()).to.equal(1_000 + pauseMs(1, 1));
  });

  it('is longer when the cluster is still full after it', () => {
    const pause = createPause(() => 1);
    pause.refused(0);
    const first = pause.until();
    pause.refused(first);

    expect(pause.until() - first).to.be.above(first);
  });

  it('ends at the first success', () => {
    const pause = createPause(() => 1);
    pause.refused(0);
    pause.accepted();

    expect(pause.until()).to.equal(0);
  });
});
