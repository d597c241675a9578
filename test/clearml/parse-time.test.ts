// Reading the server's times.
import { expect } from 'chai';
import { parseTime } from '../../src/clearml/parse-time.ts';

describe('the parser of ClearML times', () => {
  const at = Date.UTC(2025, 0, 1, 10, 0, 0);
  const cases: readonly [text: string, expected: number | undefined][] = [
    ['2025-01-01T10:00:00+00:00', at],
    ['2025-01-01T10:00:00.123000+00:00', at + 123],
    ['2025-01-01T10:00:00.123456+00:00', at + 123],
    ['2025-01-01T10:00:00Z', at],
    ['2025-01-01T10:00:00', at],
    ['2025-01-01T10:00:00.5', at + 500],
    ['2025-01-01T12:00:00+02:00', at],
    ['2025-01-01T05:00:00-0500', at],
    ['', undefined],
    ['yesterday', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`${expected === undefined ? 'rejects' : 'reads'} ${JSON.stringify(text)}`, () => {
      expect(parseTime(text)).to.equal(expected);
    });
  }
});
