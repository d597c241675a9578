// The pause of a cluster that takes nothing: it grows, it has an end, and the first success ends it.
import { expect } from 'chai';
import fc from 'fast-check';
import { createBackoff, backoffMs } from '../../../src/daemon/submit/backoff.ts';

describe('the pause in taking tasks', () => {
  it('grows with each refusal in a row, and never beyond five minutes', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (refusals, jitter) => {
        expect(backoffMs(refusals, jitter)).to.be.within(0, 300_000);
        expect(backoffMs(refusals + 1, jitter)).to.be.at.least(backoffMs(refusals, jitter));
      }),
    );
  });

  it('counts several refusals of submissions that were under way together once', () => {
    const pause = createBackoff(() => 1);
    pause.failed(1_000);
    pause.failed(1_001);

    expect(pause.until()).to.equal(1_000 + backoffMs(1, 1));
  });

  it('is longer when the cluster is still full after it', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    const first = pause.until();
    pause.failed(first);

    expect(pause.until() - first).to.be.above(first);
  });

  it('ends at the first success', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    pause.succeeded();

    expect(pause.until()).to.equal(0);
  });
});
