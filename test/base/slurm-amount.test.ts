// Numbers, times and memory sizes in Slurm's notation.
import { expect } from 'chai';
import fc from 'fast-check';
import { limitKind, parseAmount, parseLimit } from '../../src/base/slurm-amount.ts';

/** The kinds of amounts, as titles name them. */
const NAMES = {
  number: 'number',
  duration: 'duration',
  memory: 'memory size',
  count: 'count',
  nodes: 'number of nodes',
  gres: 'value of --gres',
  gpus: 'value of --gpus',
} as const;

describe('the parser of amounts in Slurm syntax', () => {
  for (const [text, seconds] of [
    ['90', 5400],
    ['1:30', 120],
    ['1:00', 60],
    ['99:99:99', 362_460],
    ['01:00:00', 3600],
    ['2-0', 172_800],
    ['1-12:30', 131_400],
    ['1-00:00:01', 86_460],
    ['0', Infinity],
    ['00:00:00', Infinity],
    ['UNLIMITED', Infinity],
    ['infinite', Infinity],
  ] as const) {
    it(`parses the duration "${text}" as ${seconds} seconds`, () => {
      expect(parseAmount(text, 'duration')?.most).to.equal(seconds);
    });
  }

  for (const [text, kilobytes] of [
    ['1', 1024],
    ['1K', 1024],
    ['1025K', 2048],
    ['1m', 1024],
    ['64G', 64 * 1024 ** 2],
    ['1TB', 1024 ** 3],
    ['0', Infinity],
  ] as const) {
    it(`parses the memory size "${text}" as ${kilobytes} kilobytes`, () => {
      expect(parseAmount(text, 'memory')?.most).to.equal(kilobytes);
    });
  }

  for (const [kind, texts] of [
    ['number', ['', '1e9', '0x10', ' 1', '1-4', '8k', '١']],
    ['duration', ['', '1:2:3:4', '1-', '-5', '1h', ' 1', '1:', '1.5', 'now', '-1', '+1', '71582787', '35791394']],
    ['memory', ['', '1.5G', '1X', '-1', '1 G', 'all', '1B', 'UNLIMITED', '2147483647', '+1G']],
    ['count', ['', '-1', '1.5', '1k', '2147483647', '4294967297', ' 1', 'UNLIMITED']],
    ['nodes', ['', '-5', '1k', '8-1', '1-', '1,2', '4294967297', '1-4294967297', '1 - 8']],
    ['gres', ['', 'gpu:', 'gpu:1k', 'gpu:-1', 'gpu:1:2', 'gpu:2 ', 'gpu:1;gpu:2', 'gpu=2', 'gpu:2,', '2', 'UNLIMITED']],
    ['gpus', ['', '1k', '-5', 'a100:1k', '1:2', 'a100=2', '2,', 'gpu:a100:2', 'unlimited', 'INFINITE']],
  ] as const) {
    for (const text of texts) {
      it(`rejects the ${NAMES[kind]} "${text}"`, () => {
        expect(parseAmount(text, kind)).to.equal(undefined);
      });
    }
  }

  for (const [kind, text, least, most] of [
    ['number', '0.5', 0.5, 0.5],
    ['count', '010', 10, 10],
    ['nodes', '4', 4, 4],
    ['nodes', '2-4', 2, 4],
    ['nodes', '0-4', 0, 4],
    ['gres', 'gpu', 1, 1],
    ['gres', 'gpu:a100', 1, 1],
    ['gres', 'gpu:a100:2,gpu:h100:1,nvme:1', 4, 4],
    ['gpus', '2', 2, 2],
    ['gpus', 'a100:2,h100', 3, 3],
    ['gpus', 'a100:0', 0, 0],
  ] as const) {
    it(`parses the ${NAMES[kind]} "${text}" as ${least === most ? least : `${least} to ${most}`}`, () => {
      expect(parseAmount(text, kind)).to.deep.equal({ least, most });
    });
  }

  it("converts each of Slurm's time formats to seconds", () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(23), fc.nat(59), fc.nat(59), (days, hours, minutes, seconds) => {
        const total = ((days * 24 + hours) * 60 + minutes) * 60 + (seconds === 0 ? 0 : 60);
        const expected = total === 0 ? Infinity : total;

        for (const text of [
          `${days}-${hours}:${minutes}:${seconds}`,
          `${days * 24 + hours}:${minutes}:${seconds}`,
          `${(days * 24 + hours) * 60 + minutes}:${seconds}`,
        ]) {
          expect(parseAmount(text, 'duration')?.most).to.equal(expected);
        }
      }),
    );
  });
});

describe('the parser of a constraint on a user property', () => {
  for (const [kind, text, limit] of [
    ['duration', '0', 0],
    ['duration', '120', 7200],
    ['duration', 'UNLIMITED', Infinity],
    ['duration', '64G', undefined],
    ['memory', '0G', 0],
    ['memory', '1-0', undefined],
    ['count', '8', 8],
    ['nodes', '-1', -1],
    ['gpus', '1:00', undefined],
  ] as const) {
    it(`${limit === undefined ? 'rejects' : `returns ${limit} for`} the ${NAMES[kind]} "${text}"`, () => {
      expect(parseLimit(text, kind)).to.equal(limit);
    });
  }
});

describe('the kind of a constraint on a user property', () => {
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
    it(`is ${kind === undefined ? 'undefined' : `"${kind}"`} for "${text}"`, () => {
      expect(limitKind(text)).to.equal(kind);
    });
  }
});
