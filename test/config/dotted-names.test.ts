// The dotted names of settings.
import { expect } from 'chai';
import fc from 'fast-check';
import { joinPath, splitPath } from '../../src/config/dotted-names.ts';

describe('the name of a setting', () => {
  it('is split at its dots, except inside quotes', () => {
    expect(splitPath('a.b_c."d.e".f g')).to.deep.equal(['a', 'b_c', 'd.e', 'f g']);
    expect(splitPath('..a..b.')).to.deep.equal(['a', 'b']);
    expect(splitPath('')).to.deep.equal([]);
  });

  it('includes the index of a list element, as in queues[1]', () => {
    expect(joinPath(['agent', 'slurm', 'queues', 1])).to.equal('agent.slurm.queues[1]');
  });

  it('can be built from its parts and split into the same parts again', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (path) => {
        expect(splitPath(joinPath(path))).to.deep.equal(path);
      }),
    );
  });
});
