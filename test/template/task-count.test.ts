// A job with several nodes has at least one Slurm task on each: sbatch would silently allocate fewer nodes otherwise.
import { expect } from 'chai';
import { raiseTaskCount } from '../../src/template/task-count.ts';

const RAISED = '#SBATCH --ntasks=2 # by clearml-agent-slurm: with 1, sbatch would allocate fewer than 2 nodes';

describe('the number of tasks', () => {
  for (const [title, lines] of [
    ['as options with an equals sign', ['#SBATCH --ntasks=1', '#SBATCH --nodes=2']],
    ['as options with a blank', ['#SBATCH --ntasks 1', '#SBATCH --nodes 2']],
    ['as short options', ['#SBATCH -n1 -N 2']],
    ['as a range of nodes', ['#SBATCH --ntasks=1', '#SBATCH --nodes=2-4']],
    ['with the last of several winning', ['#SBATCH -N 1', '#SBATCH --ntasks=1', '#SBATCH --nodes=2']],
  ] as const) {
    it(`is raised to the number of nodes, ${title}`, () => {
      const script = ['#!/bin/bash', '# a comment', ...lines, '', 'echo "-N 9"', ''].join('\n');

      expect(raiseTaskCount(script)).to.equal(
        ['#!/bin/bash', '# a comment', ...lines, RAISED, '', 'echo "-N 9"', ''].join('\n'),
      );
    });
  }

  for (const [title, lines] of [
    ['one node', ['#SBATCH --ntasks=1', '#SBATCH --nodes=1']],
    ['enough tasks', ['#SBATCH --ntasks=8', '#SBATCH --nodes=2']],
    ['no number of tasks, for which Slurm takes one on each node', ['#SBATCH --nodes=2']],
    ['no number of nodes', ['#SBATCH --ntasks=1']],
    ['tasks per node only', ['#SBATCH --ntasks-per-node=1', '#SBATCH --nodes=2']],
    ['another option that begins alike', ['#SBATCH --ntasks=1', '#SBATCH --nodelist=n2']],
  ] as const) {
    it(`does not change with ${title}`, () => {
      const script = ['#!/bin/bash', ...lines, 'true', ''].join('\n');

      expect(raiseTaskCount(script)).to.equal(script);
    });
  }
});
