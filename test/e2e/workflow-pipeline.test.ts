// The example of a pipeline, by the SDK's own controller: its controller and its steps are jobs on real Slurm.
import { join } from 'node:path';
import { expect } from 'chai';
import { requireAgent, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { idIn, startWorkflowBed, type ChildTask, type WorkflowBed } from './workflow-bed.ts';

describe('a ClearML pipeline', () => {
  let bed: WorkflowBed;
  /** Of a pipeline with a step that fails once, and of one with a step that always fails. */
  let repeated: string;
  let failing: string;
  /** Of pipelines whose controllers run at the same time on the login node. */
  let onLoginNode: readonly string[];
  const create = ['--project', 'pipelines', '--name', 'evaluate', '--skip-task-init', '--packages', 'clearml'];

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(async () => {
    bed = await startWorkflowBed('pipeline');
    await bed.serve({ controllers: 'controller.template', cpu: 'cpu.template', gpu: 'gpu.template' });
    await bed.run('clearml-task', ...create, '--script', 'evaluate.py');
    repeated = await start(join(bed.world.folder, 'failed-once'));
    const isPrepared = async (): Promise<boolean> =>
      statusesOf(await bed.childrenOf(repeated))['prepare'] === 'completed';
    await waitUntil('the first step to complete', isPrepared, { progress: () => bed.world.log().length });
    failing = await start(join(bed.world.folder, 'no-such-directory/file'));
    await bed.serveByStockAgent('services');
    await setPartition('DOWN');
    onLoginNode = [await start('', 'services'), await start('', 'services')];
  });
  after(() => bed[Symbol.asyncDispose]());

  /** Jobs for a partition that is DOWN wait, and those that run continue. */
  async function setPartition(state: 'UP' | 'DOWN'): Promise<void> {
    await bed.world.cluster.run('scontrol', 'update', 'PartitionName=gpu', `State=${state}`);
  }

  async function start(failOnce: string, controllers = 'controllers'): Promise<string> {
    const queueOf = { controllers, cpu: 'cpu', gpu: 'gpu' };
    const queues = Object.entries(queueOf).flatMap(([option, name]) => [`--${option}`, bed.world.nameOf(name)]);
    return idIn(await bed.run('python', 'pipeline.py', '--fail_once', failOnce, ...queues));
  }

  function statusesOf(steps: readonly ChildTask[]): Record<string, string> {
    return Object.fromEntries(steps.map(({ name, status }) => [name, status]));
  }

  it('runs its steps as jobs while its controller runs on the login node in services mode', async () => {
    // None of them can end before its second step has run.
    for (const controller of onLoginNode) {
      const hasSecondStep = async (): Promise<boolean> => 'train' in statusesOf(await bed.childrenOf(controller));
      await waitUntil('the second step', hasSecondStep, { progress: () => bed.world.log().length });
    }
    await setPartition('UP');

    for (const controller of onLoginNode) {
      await bed.untilCompleted(controller);
      const steps = await bed.childrenOf(controller);
      // The first step is that of another pipeline, with the same code and size.
      expect(statusesOf(steps)).to.deep.equal({ train: 'completed', evaluate: 'completed' });
      expect(await bed.world.jobsOf(controller)).to.deep.equal([]);
    }
  });

  it("runs each step with the template of the step's queue, and repeats a failed step", async () => {
    await bed.untilCompleted(repeated);

    const steps = await bed.childrenOf(repeated);
    expect(statusesOf(steps)).to.deep.equal({ prepare: 'completed', train: 'completed', evaluate: 'completed' });
    const idOf = (step: string): string => steps.find(({ name }) => name === step)?.id ?? '';
    expect(await bed.world.user.console(idOf('evaluate'))).to.include('The line is 3.0 x + 1.0');
    const partitions = { prepare: 'cpu', train: 'gpu', evaluate: 'cpu' };
    for (const [step, partition] of Object.entries(partitions))
      await bed.world.untilConsole(idOf(step), `started in partition ${partition} `);
    // ClearML repeats a step as the same task, which is two jobs.
    expect((await bed.world.user.console(idOf('train'))).match(/^GPUs of this step: \d,\d$/gm)).to.have.length(2);
  });

  it('fails if a step fails twice, and reuses a completed step of an earlier pipeline', async () => {
    await bed.world.untilStatus(failing, 'failed');

    const steps = await bed.childrenOf(failing);
    expect(statusesOf(steps)).to.deep.equal({ train: 'failed' });
    const [train] = steps;
    expect((await bed.world.user.console(train?.id ?? '')).match(/^GPUs of this step/gm)).to.have.length(2);
  });
});
