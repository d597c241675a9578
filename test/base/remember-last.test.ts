// A remembered result is returned again exactly as long as the arguments are the same.
import { expect } from 'chai';
import { rememberLast } from '../../src/base/remember-last.ts';

describe('a function that remembers its last result', () => {
  it('computes a new result only if the arguments have changed since the last call', () => {
    const computed: number[][] = [];
    const sum = rememberLast((...numbers: readonly number[]) => {
      computed.push([...numbers]);
      return numbers.reduce((total, number) => total + number, 0);
    });

    expect([sum(1, 2), sum(1, 2), sum(1, 3), sum(1), sum(), sum(), sum(1, 2)]).to.deep.equal([3, 3, 4, 1, 0, 0, 3]);
    expect(computed).to.deep.equal([[1, 2], [1, 3], [1], [], [1, 2]]);
  });

  it('computes a new result if the last call threw an error', () => {
    let isBroken = true;
    const read = rememberLast((name: string) => {
      if (isBroken) throw new Error('broken');
      return name;
    });

    expect(() => read('a')).to.throw('broken');
    isBroken = false;
    expect(read('a')).to.equal('a');
  });
});
