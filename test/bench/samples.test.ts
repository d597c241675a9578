// Checks the arithmetic that every figure goes through, and what counts as met.
import { expect } from 'chai';
import { isMet, ratioOf, type Result } from './figure.ts';
import { median, middleHalf, ratios } from './samples.ts';
import { formatTable } from './table.ts';

const alone: Result = { what: 'a call', value: 30, unit: 'ms' };
const result: Result = { ...alone, anchor: { what: 'nothing', value: 20 } };

describe('the arithmetic of the benchmarks', () => {
  it('computes the median and the first and third quartiles of unsorted samples', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
    expect(middleHalf([5, 1, 4, 2, 3])).to.deep.equal([2, 4]);
  });

  it('throws a RangeError for the median of no samples', () => {
    expect(() => median([])).to.throw(RangeError);
  });

  it('divides each sample by the sample of the anchor in the same round', () => {
    expect(ratios([10, 30], [5, 10])).to.deep.equal([2, 3]);
  });

  it('compares the ratio of a value to its anchor with the target', () => {
    expect(ratioOf(result)).to.equal(1.5);
    expect(isMet({ ...result, target: { atMost: 2 } })).to.equal(true);
    expect(isMet({ ...result, target: { atLeast: 2 } })).to.equal(false);
    expect(isMet({ ...alone, target: { atMost: 2 } })).to.equal(false);
    expect(isMet(alone)).to.equal(undefined);
  });

  it('prints the value, the anchor, their ratio and the missed target in one line', () => {
    const table = formatTable([{ figure: 'start-up', ...result, target: { atMost: 1 } }]);

    expect(table).to.match(/^start-up +a call +30 ms +20 ms nothing +1\.5 +≤ 1 +missed$/m);
  });
});
