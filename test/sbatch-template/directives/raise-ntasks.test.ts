// A job with several nodes has at least one Slurm task on each: sbatch would silently allocate fewer nodes otherwise.
import { expect } from 'chai';
import { raiseTaskCount } from '../../../src/sbatch-template/directives/render-directives.ts';

const RAISED = '#SBATCH --ntasks=2 # set by clearml-agent-slurm: with 1, sbatch would allocate fewer than 2 nodes';

describe('raiseTaskCount (at least one Slurm task per node)', () => {
  for (const [title, lines] of [
    ['if --ntasks and --nodes have an equals sign', ['#SBATCH --ntasks=1', '#SBATCH --nodes=2']],
    ['if --ntasks and --nodes have a blank before the value', ['#SBATCH --ntasks 1', '#SBATCH --nodes 2']],
    ['if the options are short: -n1 -N 2', ['#SBATCH -n1 -N 2']],
    ['if --nodes is a range', ['#SBATCH --ntasks=1', '#SBATCH --nodes=2-4']],
    ['if a later --nodes=2 replaces -N 1', ['#SBATCH -N 1', '#SBATCH --ntasks=1', '#SBATCH --nodes=2']],
  ] as const) {
    it(`raises --ntasks to the number of nodes ${title}`, () => {
      const script = ['#!/bin/bash', '# a comment', ...lines, '', 'echo "-N 9"', ''].join('\n');

      expect(raiseTaskCount(script)).to.equal(
        ['#!/bin/bash', '# a comment', ...lines, RAISED, '', 'echo "-N 9"', ''].join('\n'),
      );
    });
  }

  for (const [title, lines] of [
    ['one node', ['#SBATCH --ntasks=1', '#SBATCH --nodes=1']],
    ['more tasks than nodes', ['#SBATCH --ntasks=8', '#SBATCH --nodes=2']],
    ['no --ntasks', ['#SBATCH --nodes=2']],
    ['no --nodes', ['#SBATCH --ntasks=1']],
    ['--ntasks-per-node only', ['#SBATCH --ntasks-per-node=1', '#SBATCH --nodes=2']],
    ['--nodelist instead of --nodes', ['#SBATCH --ntasks=1', '#SBATCH --nodelist=n2']],
  ] as const) {
    it(`does not change a script with ${title}`, () => {
      const script = ['#!/bin/bash', ...lines, 'true', ''].join('\n');

      expect(raiseTaskCount(script)).to.equal(script);
    });
  }
});
