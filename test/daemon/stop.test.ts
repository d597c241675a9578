// Tests that the program stops within seconds while sbatch hangs, leaves no process, and loses no task.
import { expect } from 'chai';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planFault, slow } from '../stand-ins/slurm/faults.ts';
import { startStandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { withStandInCommands } from '../stand-ins/slurm/stand-in-commands.ts';
import { QUICK_TEMPLATE } from '../e2e/templates.ts';
import { startWorld } from '../e2e/world.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('SIGTERM', () => {
  let stateDir: string;

  beforeEach(async () => {
    stateDir = await realpath(await mkdtemp(join(tmpdir(), 'stop-')));
  });

  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  it('ends the daemon even while sbatch hangs, and the next daemon tracks the job of this sbatch', async () => {
    const standIn = await startStandInCluster({ stateDir: join(stateDir, 'cluster') });
    try {
      await using world = await startWorld({ cluster: withStandInCommands(standIn.commandsDir), python: false });
      const template = await world.write(
        'held.template',
        QUICK_TEMPLATE.replace('#SBATCH --mem', '#SBATCH --hold\n#SBATCH --mem'),
      );
      const queue = await world.user.makeQueue('quick');
      const task = await world.user.makeTask({});
      planFault(standIn.stateDir, slow('sbatch', 120_000));
      await world.user.enqueue(task, queue);
      const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
      await waitUntil('the job', async () => (await world.jobsOf(task)).length > 0);

      await world.stop(daemon);
      expect(daemon.log()).to.not.match(/\bbug\b|Error/);

      world.start('--template-files', template, '--queue', world.nameOf('quick'));
      await world.untilConsole(task, 'Submitted as Slurm job');
      expect(await world.jobsOf(task)).to.have.length(1);
    } finally {
      await standIn.close();
    }
  });
});
