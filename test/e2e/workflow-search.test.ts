// The example of a hyperparameter search, by the SDK's own optimizer: its controller and its trials are jobs on real Slurm.
import { expect } from 'chai';
import { requireAgent, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { idIn, startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

describe('a hyperparameter search', () => {
  let bed: WorkflowBed;
  let random: string;
  let optuna: string;

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(async () => {
    bed = await startWorkflowBed('hyperparameter-search');
    await bed.serve({ controllers: 'controller.template', trials: 'trial.template' });
    const short = await create('trial', ['--script', 'train.py'], { epochs: 2, epoch_seconds: 0 });
    random = await search({ trial: short, trials: 2, at_once: 2 });
    const endless = await create('trial', ['--script', 'train.py'], { epochs: 1_000_000, epoch_seconds: 0.2 });
    optuna = await search({ trial: endless, strategy: 'optuna', trials: 2, at_once: 2, most_epochs: 3 });
  });
  after(() => bed[Symbol.asyncDispose]());

  async function create(
    name: string,
    options: readonly string[],
    args: Readonly<Record<string, string | number>>,
  ): Promise<string> {
    const given = Object.entries(args).map(([key, value]) => `${key}=${value}`);
    const what = ['--project', 'search', '--name', name, '--skip-task-init', '--packages', 'clearml'];
    return idIn(await bed.run('clearml-task', ...what, ...options, '--args', ...given));
  }

  async function search(args: Readonly<Record<string, string | number>>): Promise<string> {
    const { nameOf } = bed.world;
    const options = ['--script', 'search.py', '--queue', nameOf('controllers')];
    return create('search', options, { queue: nameOf('trials'), poll_seconds: 1, ...args });
  }

  it('runs its trials as jobs, and stores the best trial as an artifact of the controller task', async () => {
    const console = await bed.untilCompleted(random);

    const trials = await bed.childrenOf(random);
    expect(trials.map(({ status }) => status)).to.deep.equal(['completed', 'completed']);
    for (const { id } of trials) await bed.world.untilConsole(id, 'ended COMPLETED');
    const [, best = ''] = /Place 1: task ([0-9a-f]{32})/.exec(console) ?? [];
    expect(trials.map(({ id }) => id)).to.include(best);
    const read = `import clearml; print(clearml.Task.get_task('${random}').artifacts['best'].get()[0]['task_id'])`;
    expect(await bed.run('python', '-c', read)).to.include(best);
  });

  it('ends the jobs of the trials that Optuna aborts', async () => {
    await bed.untilCompleted(optuna);

    const trials = await bed.childrenOf(optuna);
    expect(trials.map(({ status }) => status)).to.deep.equal(['stopped', 'stopped']);
    for (const { id } of trials) await bed.world.untilNoJob(id);
  });
});
