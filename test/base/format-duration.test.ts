// Durations in sentences.
import { expect } from 'chai';
import { formatDuration } from '../../src/base/format-duration.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('the text of a duration', () => {
  for (const [ms, said] of [
    [0, '0 s'],
    [20 * SECOND, '20 s'],
    [90 * SECOND, '90 s'],
    [2 * MINUTE, '2 min'],
    [10 * MINUTE, '10 min'],
    [119 * MINUTE, '119 min'],
    [24 * HOUR, '24 h'],
    [72 * HOUR, '3 days'],
  ] as const) {
    it(`is "${said}" for ${ms} ms`, () => {
      expect(formatDuration(ms)).to.equal(said);
    });
  }
});
