// Tests the number of nodes in a node list.
import { expect } from 'chai';
import { countNodes } from '../../src/slurm/squeue-nodes-and-gpus.ts';

describe('the number of nodes in a node list of Slurm', () => {
  for (const [list, count] of [
    ['n1', 1],
    ['gpu-a.lab,n2', 2],
    ['n[1-4]', 4],
    ['n[01-04,7],gpu3', 6],
    ['a[1,3],b[10-12]', 5],
    ['', undefined],
    ['n[1-4', undefined],
    ['n[4-1]', undefined],
    ['n1,', undefined],
    ['bgq[000x133]', undefined],
    ['(null)', undefined],
  ] as const) {
    it(`is ${String(count)} for "${list}"`, () => {
      expect(countNodes(list)).to.equal(count);
    });
  }
});
