// Slurm's ways to write numbers, lengths of time and sizes of memory.
import { expect } from 'chai';
import fc from 'fast-check';
import { amountKind, readAmount } from '../../src/base/slurm-amount.ts';

describe('an amount', () => {
  for (const [text, seconds] of [
    ['90', 5400],
    ['1:30', 90],
    ['01:00:00', 3600],
    ['2-0', 172_800],
    ['1-12:30', 131_400],
    ['1-00:00:01', 86_401],
    ['0', Infinity],
    ['00:00:00', Infinity],
    ['UNLIMITED', Infinity],
    ['infinite', Infinity],
    ['-1', Infinity],
  ] as const) {
    it(`of time: ${text} is ${seconds} seconds`, () => {
      expect(readAmount(text, 'duration')).to.equal(seconds);
    });
  }

  for (const [text, kilobytes] of [
    ['1', 1024],
    ['1K', 1],
    ['1m', 1024],
    ['64G', 64 * 1024 ** 2],
    ['1TB', 1024 ** 3],
    ['0', Infinity],
  ] as const) {
    it(`of memory: ${text} is ${kilobytes} kilobytes`, () => {
      expect(readAmount(text, 'memory')).to.equal(kilobytes);
    });
  }

  for (const [kind, texts] of [
    ['number', ['', '1e9', '0x10', ' 1', '1-4', '8k', '١']],
    ['duration', ['', '1:2:3:4', '1-', '-5', '1h', ' 1', '1:', '1.5', 'now']],
    ['memory', ['', '1.5G', '1X', '-1', '1 G', 'all']],
  ] as const) {
    for (const text of texts) {
      it(`is not ${kind}: "${text}"`, () => {
        expect(readAmount(text, kind)).to.equal(undefined);
      });
    }
  }

  for (const [text, kind] of [
    ['8', 'number'],
    ['-5', 'number'],
    ['0.5', 'number'],
    ['2-00:00:00', 'duration'],
    ['10:00', 'duration'],
    ['UNLIMITED', 'duration'],
    ['64G', 'memory'],
    ['soon', undefined],
    ['', undefined],
  ] as const) {
    it(`as a limit: "${text}" is ${kind ?? 'none'}`, () => {
      expect(amountKind(text)).to.equal(kind);
    });
  }

  it('of time is what its parts add up to, in each of the forms that Slurm writes', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(23), fc.nat(59), fc.nat(59), (days, hours, minutes, seconds) => {
        const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        const expected = total === 0 ? Infinity : total;

        expect(readAmount(`${days}-${hours}:${minutes}:${seconds}`, 'duration')).to.equal(expected);
        expect(readAmount(`${days * 24 + hours}:${minutes}:${seconds}`, 'duration')).to.equal(expected);
        expect(readAmount(`${(days * 24 + hours) * 60 + minutes}:${seconds}`, 'duration')).to.equal(expected);
      }),
    );
  });
});
