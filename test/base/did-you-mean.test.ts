// The closest known name, for "did you mean".
import { expect } from 'chai';
import { nearestName } from '../../src/base/did-you-mean.ts';

describe('the suggestion for a misspelled name', () => {
  const known = ['queue', 'template-files', 'create-queue'];

  for (const [typed, meant] of [
    ['queues', 'queue'],
    ['template-file', 'template-files'],
    ['templatefiles', 'template-files'],
    ['creat-queue', 'create-queue'],
  ]) {
    it(`is "${meant ?? ''}" for "${typed ?? ''}"`, () => {
      expect(nearestName(typed ?? '', known)).to.equal(meant);
    });
  }

  it('is undefined if no known name resembles the misspelled name', () => {
    expect(nearestName('partition', known)).to.equal(undefined);
    expect(nearestName('queue', [])).to.equal(undefined);
  });

  it('is undefined for a name of 30,000 characters', () => {
    const long = 'x'.repeat(30_000);

    expect(nearestName('queues', [long, ...known])).to.equal('queue');
    expect(nearestName(long, [long.slice(1), ...known])).to.equal(undefined);
  }).timeout(1_000);
});
