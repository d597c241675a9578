// The container that doctor starts on a node.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { chooseContainer } from '../../src/doctor/choose-container.ts';
import { known } from '../../src/doctor/check-result.ts';

const SETTINGS = {
  isOurs: false,
  image: undefined,
  arguments: '',
  extraArguments: '',
  setUpLines: [],
  mounts: [],
  imageDir: undefined,
  imageCacheDir: undefined,
  forcePull: false,
  ssh: false,
};

const EXAMPLE = readFileSync('examples/slurm.example_pyxis-srun.template', 'utf8');

describe("doctor's container on a node", () => {
  for (const [what, text, borrowsAgent] of [
    ["can use the node's clearml-agent", EXAMPLE, true],
    ["cannot use the node's clearml-agent", EXAMPLE.replace(/^ *--container-mounts=.*\n/m, ''), false],
  ] as const) {
    it(`${what} if the template ${borrowsAgent ? 'mounts' : 'does not mount'} the job's directory`, () => {
      const command = ['srun', '--ntasks=1', '--container-image=docker://python:3.12'];
      expect(chooseContainer([{ file: 'x.template', text }], { sharedDir: undefined }, SETTINGS)).to.deep.equal(
        known({ image: 'docker://python:3.12', command, showsConfiguration: false, borrowsAgent }),
      );
    });
  }
});
