// The example of GPU types, on real Slurm that claims to have GPUs: a task gets the GPUs that its user properties name.
import { expect } from 'chai';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { AWAITS_SIGNAL, MIG, startGpuBed, withOptions, type GpuBed } from './gpu-tasks.ts';
import { pythonOf } from './workflow-bed.ts';

/** The lines of the README for clusters whose nodes have features, in place of the one with `--gres`. */
const BY_FEATURE = /^ {4}(#SBATCH --constraint=.*)\n {4}(#SBATCH --gres=.*)$/m;

const PRINTS_NODE = `import os
print("GPUs:", os.environ["SLURMD_NODENAME"], len(os.environ["CUDA_VISIBLE_DEVICES"].split(",")), flush=True)
`;

describe('a task with the user properties gpu_type and gpus', () => {
  let bed: GpuBed;

  before(requireAgent);
  before(requireSlurm);
  before(async () => {
    bed = await startGpuBed({ queues: ['gpus', 'features'], pythonOf });
    for (const [node, feature] of [
      ['n1', 'a100'],
      ['n2', 'h100'],
    ] as const)
      await bed.cluster.run(
        'scontrol',
        'update',
        `NodeName=${node}`,
        `AvailableFeatures=${feature}`,
        `ActiveFeatures=${feature}`,
      );
    const [, ...lines] = BY_FEATURE.exec(bed.readme) ?? expect.fail('the README has no lines for features');

    await bed.enqueue('gpus', 'default', {});
    await bed.enqueue('gpus', 'two', { properties: { gpu_type: 'h100', gpus: '2' } });
    await bed.enqueue('gpus', 'slice', { properties: { gpu_type: MIG } });
    await bed.enqueue('features', 'default feature', { code: PRINTS_NODE });
    await bed.enqueue('features', 'feature', { properties: { gpu_type: 'h100', gpus: '2' }, code: PRINTS_NODE });
    await bed.enqueue('features', 'unknown feature', { properties: { gpu_type: 'h100|a100' } });
    await bed.enqueue('gpus', 'unknown type', { properties: { gpu_type: 'tpu' } });
    await bed.enqueue('gpus', 'more in the type', { properties: { gpu_type: 'h100:8' } });
    await bed.enqueue('gpus', 'more in the number', { properties: { gpus: '1,gpu:h100:8' } });
    await bed.enqueue('gpus', 'too many', { properties: { gpus: '9' } });
    await bed.enqueue('nodes', 'nodes, with signal', { code: AWAITS_SIGNAL });
    await bed.serve('gpus');
    await bed.serve('features', (text) => text.replace(/^#SBATCH --gres=.*$/m, () => lines.join('\n')));
    await bed.serve('nodes', (text) => withOptions(text, '--signal=B:USR1@120', '--nodes=2', '--ntasks-per-node=1'));
  });
  after(() => bed[Symbol.asyncDispose]());

  it('(without a container) sees the GPUs of its job in CUDA_VISIBLE_DEVICES', async () => {
    expect(await bed.gpusOf('default')).to.match(/^([01]) \1 False$/);
    expect(await bed.gpusOf('two')).to.equal('2,3 2,3 False');
    expect(await bed.gpusOf('slice')).to.match(/^([45]) \1 False$/);
  });

  it('runs on a node that has the requested GPU type as a feature', async () => {
    expect(await bed.gpusOf('default feature')).to.equal('n1 1');
    expect(await bed.gpusOf('feature')).to.equal('n2 2');
  });

  it('(on two nodes) receives SIGUSR1 when Slurm signals the batch shell', () =>
    bed.expectSignal('nodes, with signal', 2));

  it('fails before sbatch if the queue does not permit its GPU type or number of GPUs', async () => {
    const { world } = bed;
    const accepts = `and the queue "${world.nameOf('gpus')}" accepts`;
    const messages = {
      'unknown type': `the user property "gpu_type" is "tpu", ${accepts} one of a100, h100, ${MIG}`,
      'more in the type': `the user property "gpu_type" is "h100:8", ${accepts} one of`,
      'more in the number': `the user property "gpus" is "1,gpu:h100:8", which is not a number, ${accepts} 1 to 8`,
      'unknown feature': `the user property "gpu_type" is "h100|a100", and the queue "${world.nameOf('features')}" accepts one of`,
      'too many': `the user property "gpus" is "9", ${accepts} 1 to 8`,
    };
    for (const [name, message] of Object.entries(messages)) {
      const task = bed.taskOf(name);
      await world.untilStatus(task, 'failed');
      await world.untilConsole(task, message);
      expect(await world.jobsOf(task)).to.deep.equal([]);
    }
  });
});
