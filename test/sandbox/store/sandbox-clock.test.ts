// Times as the sandbox writes and reads them.
import { expect } from 'chai';
import fc from 'fast-check';
import { formatInstant, parseInstant } from '../../../src/sandbox/store/sandbox-clock.ts';

describe('a time of the sandbox server', () => {
  it('is formatted as in Python, with six decimals or none', () => {
    expect(formatInstant(Date.UTC(2025, 0, 1, 10, 0, 0, 123))).to.equal('2025-01-01T10:00:00.123000+00:00');
    expect(formatInstant(Date.UTC(2025, 0, 1, 10))).to.equal('2025-01-01T10:00:00+00:00');
  });

  it('is unchanged after formatting and parsing', () => {
    const moment = fc.integer({ min: 0, max: 4e12 });
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        expect(parseInstant(formatInstant(a))).to.equal(a);
        expect(formatInstant(a) < formatInstant(b)).to.equal(a < b);
      }),
    );
  });

  it('is read as UTC if the text has no time zone', () => {
    expect(parseInstant('2025-01-01T10:00:00')).to.equal(Date.UTC(2025, 0, 1, 10));
    expect(parseInstant('2025-01-01')).to.equal(Date.UTC(2025, 0, 1));
  });

  it('is undefined if the text is not a time', () => {
    expect(parseInstant('yesterday')).to.equal(undefined);
  });
});
