// Finds in the message of a refusal the options that it is about.
import { expect } from 'chai';
import { refusedOptions, CONTROLLER_RESPONSES } from '../../src/slurm/sbatch-errors.ts';

describe('refusedOptions (the sbatch options that caused an error)', () => {
  for (const [words, options] of [
    ['Invalid account or account/partition combination specified', ['--account', '--partition']],
    ['invalid partition specified: nowhere; Invalid partition name specified', ['--partition']],
    ['Invalid qos specification', ['--qos']],
    ['Requested time limit is invalid (missing or exceeds some limit)', ['--time']],
    ['Time limit specification required, but not provided', ['--time']],
    ['Memory required by task is not available', ['--mem']],
    ['Requested node configuration is not available', ['--nodes', '--constraint', '--gres', '--cpus-per-task']],
    ['Invalid generic resource (gres) specification', ['--gres']],
    ['Access denied to requested reservation', ['--reservation']],
    ["unrecognized option '--container-image=docker://x'", ['--container-image']],
    ['Invalid --time specification', ['--time']],
    ['Access/permission denied', []],
    ['the site wants a project', []],
  ] as const) {
    it(`returns ${options.join(', ') || 'no option'} for "${words}"`, () => {
      expect(refusedOptions(words)).to.deep.equal(options);
    });
  }

  it('returns at most four options for each error of the controller', () => {
    for (const words of CONTROLLER_RESPONSES.rejected) expect(refusedOptions(words), words).to.have.length.below(5);
  });
});
