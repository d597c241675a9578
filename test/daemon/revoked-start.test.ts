// Tests, in whole runs, what happens to a task whose job Slurm ended at its start.
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { withStandInCommands } from '../stand-ins/slurm/stand-in-commands.ts';
import { startWorld, type World } from '../e2e/world.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('after a job ended with exit code 1 before the gate, the daemon', () => {
  let stateDir: string;

  beforeEach(async () => {
    stateDir = await realpath(await mkdtemp(join(tmpdir(), 'revoked-')));
  });

  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  function templateWith(command: string): string {
    return `#!/bin/bash
#SBATCH --job-name=clearml_task_\${CLEARML_TASK.id}
#SBATCH --output=${stateDir}/job-%j.out
${command}
\${CLEARML_PRE_SETUP}
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;
  }

  interface Enqueued {
    readonly standIn: Awaited<ReturnType<typeof startStandInCluster>>;
    readonly world: World;
    readonly task: string;
  }

  /** Starts a daemon with a template that runs this command before the task, which is enqueued. */
  async function withTask(command: string, work: (enqueued: Enqueued) => Promise<void>): Promise<void> {
    const standIn = await startStandInCluster({ stateDir: join(stateDir, 'cluster') });
    try {
      await using world = await startWorld({
        cluster: withStandInCommands(standIn.commandsDir),
        python: false,
      });
      const queue = await world.user.makeQueue('quick');
      const task = await world.user.makeTask({});
      await world.user.enqueue(task, queue);
      const template = await world.write('quick.template', templateWith(command));
      world.start('--template-files', template, '--queue', world.nameOf('quick'));
      await work({ standIn, world, task });
    } finally {
      await standIn.close();
    }
  }

  it("submits another job if slurmctld was killed before the job's script began (S-63)", () =>
    withTask('sleep 1000', async ({ standIn, world, task }) => {
      const log = join(stateDir, 'job-1.out');
      await waitUntil('the script to begin', () => existsSync(log) && readFileSync(log, 'utf8').includes('begins'));
      standIn.controller.revokeStart(1);

      await world.untilConsole(task, /Submitted as Slurm job 2 .*attempt 2.*Slurm ended job 1 before its script began/);
      expect(await world.jobsOf(task, 'PENDING,RUNNING')).to.deep.equal(['2']);
      expect((await world.user.look(task)).status).to.equal('queued');
    }));

  it('sets the status to "failed" if a command of the template failed', () =>
    withTask('exit 1', async ({ world, task }) => {
      await world.untilStatus(task, 'failed');
      await world.untilConsole(task, 'Slurm job 1 ended FAILED (exit code 1)');
    }));
});
