// One task as a Slurm job without a daemon: `execute` submits it, tracks it, and exits with its result.
import { expect } from 'chai';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { requirePython, requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('the subcommand execute', () => {
  before(requirePython);
  before(requireSlurm);

  it("shows the task's console and exits with the exit code of the task's script", async () => {
    await using world = await startWorld({ python: standInAgentPython() });
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const good = await world.user.makeTask({ code: 'print("6 times 7 is", 6 * 7)' });
    const bad = await world.user.makeTask({ code: 'import sys; sys.exit(3)' });
    const daemon = world.start('--template-files', template, '--queue', world.nameOf('served'), '--create-queue');
    await daemon.untilLogged('Serving');

    const [completed, failed] = await Promise.all([
      world.run('execute', '--id', good, '--template', template, '--clone'),
      world.run('execute', '--id', bad, '--template', template, '--queue', world.nameOf('served')),
    ]);

    expect(completed, completed.stderr).to.include({ code: 0 });
    expect(completed.stdout)
      .to.include('6 times 7 is 42')
      .and.to.match(new RegExp(`^Claimed from queue "${world.nameOf('slurm_scheduler-execute')}"`));
    expect(completed.stdout).to.match(/Slurm job \d+ ended COMPLETED/);
    const copy = /Copied task \w+ to task ([0-9a-f]{32})/.exec(completed.stderr)?.[1] ?? '';
    expect((await world.user.look(good)).status).to.equal('created');
    expect((await world.user.look(copy)).status).to.equal('completed');
    expect(await readdir(join(world.folder, 'state', 'execute'))).to.deep.equal([]);

    const again = await world.run('execute', '--id', copy, '--template', template);
    expect(again, again.stderr).to.include({ code: 2, stdout: '' });
    expect(again.stderr).to.include(`Task ${copy} cannot be run because`);
    expect(again.stderr).to.include('it is completed: run a copy with --clone');

    expect(failed, failed.stderr).to.include({ code: 3 });
    expect((await world.user.look(bad)).status).to.equal('failed');
    expect(await world.jobsOf(bad)).to.have.length(1);
    await world.stop(daemon);
  });

  it('leaves its job running when it is killed, and tracks the same job when it is started again', async () => {
    await using world = await startWorld({ python: standInAgentPython() });
    const template = await world.write(
      'held.template',
      QUICK_TEMPLATE.replace('#SBATCH --nodes', '#SBATCH --hold\n$&'),
    );
    const task = await world.user.makeTask({});
    const args = ['execute', '--id', task, '--template', template];

    const killed = world.start(...args);
    await world.untilConsole(task, 'Submitted as Slurm job');
    killed.signal('SIGKILL');
    await killed.ended;
    const [job = ''] = await world.jobsOf(task);

    const left = world.start(...args);
    await left.untilLogged('Tracking task');
    left.signal('SIGINT');
    const { code, stderr } = await left.ended;
    expect(code, stderr).to.equal(75);
    expect(stderr)
      .to.include('is already submitted')
      .and.to.include(
        `Slurm job ${job} continues. To track it again:\n  clearml-agent-slurm ${args.join(' ')}\nTo end the task:`,
      );

    const elsewhere = await world.run(...args, '--queue', world.nameOf('another'), '--create-queue');
    expect(elsewhere, elsewhere.stderr).to.include({ code: 2, stdout: '' });
    expect(elsewhere.stderr).to.include(
      `Task ${task} was started from queue "${world.nameOf('slurm_scheduler-execute')}" by an earlier run of execute. To track it again, run: clearml-agent-slurm ${args.join(' ')}\n`,
    );

    const last = world.start(...args);
    await last.untilLogged('Tracking task');
    const second = await world.run(...args);
    expect(second, second.stderr).to.include({ code: 75, stdout: '' });
    await world.cluster.run('scontrol', 'release', job);
    const ended = await last.ended;
    expect(ended, ended.stderr).to.include({ code: 0 });
    expect(ended.stdout).to.include('hello from the task');
    expect(await world.jobsOf(task)).to.deep.equal([job]);
  });
});
