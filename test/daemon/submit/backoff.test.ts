// Tests the backoff of claiming.
import { expect } from 'chai';
import fc from 'fast-check';
import { createBackoff, backoffMs } from '../../../src/daemon/submit/submission-backoff.ts';

describe('the backoff between submissions', () => {
  it('grows with each consecutive failure, up to five minutes', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (refusals, jitter) => {
        expect(backoffMs(refusals, jitter)).to.be.within(0, 300_000);
        expect(backoffMs(refusals + 1, jitter)).to.be.at.least(backoffMs(refusals, jitter));
      }),
    );
  });

  it('counts failures of concurrent submissions once', () => {
    const pause = createBackoff(() => 1);
    pause.failed(1_000);
    pause.failed(1_001);

    expect(pause.until()).to.equal(1_000 + backoffMs(1, 1));
  });

  it('grows if the next submission also fails', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    const first = pause.until();
    pause.failed(first);

    expect(pause.until() - first).to.be.above(first);
  });

  it('ends with the first successful submission', () => {
    const pause = createBackoff(() => 1);
    pause.failed(0);
    pause.succeeded();

    expect(pause.until()).to.equal(0);
  });
});
