// A cluster that accepts no more jobs: sbatch retries for two minutes, and nothing else waits for it.
import { expect } from 'chai';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('the daemon on a cluster that has reached MaxJobCount', () => {
  before(requireAgent);
  before(requireSlurm);

  it('submits the next task when the job of an aborted task has ended (S-06)', async () => {
    await using cluster = await startSlurmCluster({
      clusterName: 'full',
      nodeCount: 1,
      // Slurm takes one less.
      maxJobCount: 3,
      minJobAgeMs: 2_000,
    });
    await using world = await startWorld({ cluster });
    const template = await world.write(
      'quick.template',
      QUICK_TEMPLATE.replace('#SBATCH --ntasks-per-node=1', '#SBATCH --ntasks-per-node=1\n#SBATCH --hold'),
    );
    const queue = await world.user.makeQueue('quick');
    const [first = '', second = '', third = ''] = await Promise.all([1, 2, 3].map(() => world.user.makeTask({})));
    for (const task of [first, second]) await world.user.enqueue(task, queue);
    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    for (const task of [first, second]) await world.untilConsole(task, 'Submitted as Slurm job');
    await world.user.enqueue(third, queue);
    await world.untilConsole(third, 'Claimed from queue');

    expect(await world.user.console(third)).to.not.include('Submitted as');
    const [job] = await world.jobsOf(first, 'PENDING');
    await world.user.api('tasks.stop', { task: first });
    await waitUntil(
      'the job of the aborted task to be cancelled',
      async () => (await world.jobsOf(first, 'PENDING')).length === 0,
    );
    expect(job).to.match(/^\d+$/);

    await world.untilConsole(third, 'Submitted as Slurm job');
    expect(await world.user.console(third)).to.not.include('attempt 2');
    await world.stop(daemon);
  });
});
