// Times as the sandbox writes and reads them.
import { expect } from 'chai';
import fc from 'fast-check';
import { formatInstant, readInstant } from '../../src/sandbox/instant.ts';

describe('moments', () => {
  it('are written as Python writes them', () => {
    expect(formatInstant(Date.UTC(2025, 0, 1, 10, 0, 0, 123))).to.equal('2025-01-01T10:00:00.123000+00:00');
    expect(formatInstant(Date.UTC(2025, 0, 1, 10))).to.equal('2025-01-01T10:00:00+00:00');
  });

  it('are read as they were written, and sort as texts as they do as moments', () => {
    const moment = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        expect(readInstant(formatInstant(a))).to.equal(a);
        expect(formatInstant(a) < formatInstant(b)).to.equal(a < b);
      }),
    );
  });

  it('mean UTC when they name no zone', () => {
    expect(readInstant('2025-01-01T10:00:00')).to.equal(Date.UTC(2025, 0, 1, 10));
    expect(readInstant('2025-01-01')).to.equal(Date.UTC(2025, 0, 1));
  });

  it('can be no moment at all', () => {
    expect(readInstant('yesterday')).to.equal(undefined);
  });
});
