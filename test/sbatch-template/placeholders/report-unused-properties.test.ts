// User properties that a template does not use: reported to the user who set one, and to the admin who constrains one.
import { expect } from 'chai';
import {
  unusedConstraints,
  unusedProperties,
} from '../../../src/sbatch-template/placeholders/report-unused-properties.ts';

const READ = ['walltime', 'memory'];

describe('the report of unused user properties', () => {
  it('names each user property that the template ignores', () => {
    const hyperparams = {
      properties: { num_nodes: {}, walltime: {}, slurm_job_id: {}, slurm_cluster: {} },
      Slurm: { gpus: {}, num_nodes: {} },
      Args: { lr: {} },
    };

    expect(unusedProperties({ hyperparams }, READ)).to.equal(
      'The template of this queue does not use the user properties "num_nodes", "gpus". It uses walltime, memory.',
    );
    expect(unusedProperties({ hyperparams: { properties: { num_nodes: {} } } }, [])).to.equal(
      'The template of this queue does not use the user property "num_nodes". It uses none.',
    );
  });

  it('suggests "num_gpus" for the user property "num_gpu"', () => {
    const of = (name: string): string | undefined =>
      unusedProperties({ hyperparams: { properties: { [name]: {} } } }, ['num_gpus', 'walltime']);

    expect(of('num_gpu')).to.equal(
      'The template of this queue does not use the user property "num_gpu" (did you mean "num_gpus"?). It uses num_gpus, walltime.',
    );
    expect(of('comment')).to.not.contain('did you mean');
    expect(of('num_gpus'.padEnd(41, 's'))).to.not.contain('did you mean');
  });

  it('truncates a property name of several MB', () => {
    const report = unusedProperties({ hyperparams: { properties: { ['x'.repeat(5_000_000)]: {} } } }, READ);

    expect(report).to.match(/user property "x{199}…"\. It uses/);
  });

  it('is empty if the template uses every property', () => {
    expect(unusedProperties({ hyperparams: { properties: { walltime: {} } } }, READ)).to.equal(undefined);
    expect(unusedProperties({}, READ)).to.equal(undefined);
  });

  it('names a constraint on a user property that the template does not use', () => {
    const limits = { kind: 'number', least: undefined, most: '8', values: undefined } as const;
    const named = new Map([
      ['num_nodes', limits],
      ['walltime', limits],
    ]);

    expect(unusedConstraints({ named, others: true }, [{ name: 'walltime' }], 'gpu.template')).to.deep.equal([
      'The constraint on the user property "num_nodes" has no effect: gpu.template does not use the property.',
    ]);
  });
});
