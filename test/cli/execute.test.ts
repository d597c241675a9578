// The options of `execute`: task, template, queue, cluster and image, and the command that continues the task.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../../src/clearml/ids.ts';
import { commandToTrackAgain } from '../../src/cli/setting-options.ts';
import { builtProgram } from '../support/built-program.ts';
import { openCliWithSandbox } from './cli-with-sandbox.ts';
import { openCliWithStandIns } from './cli-with-stand-ins.ts';

const TEMPLATE = '#!/bin/bash\n#SBATCH -n 1\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
const TASK = '0123456789abcdef0123456789abcdef' as TaskId;

describe('the execute command', () => {
  for (const [what, settings, args, answer] of [
    ['without a task', '', [], 'execute needs a TASK'],
    ['without a template', '', ['--id', TASK], 'The configuration has no template. Select one with --template FILE.'],
    [
      'with several templates',
      'agent.slurm { queues { a { template: t }, b { template: u } } }',
      ['--id', TASK],
      'The configuration has several templates. Select one with --template FILE.',
    ],
    [
      'with a misspelled queue',
      'agent.slurm { queues { gpu { template: t }, cpu { template: u } } }',
      ['--id', TASK, '--queue', 'gqu'],
      'The configuration has no template for queue "gqu". Did you mean --queue gpu?',
    ],
    [
      'with several clusters',
      'agent.slurm.clusters { one { host: a }, two { host: b } }',
      ['--id', TASK, '--template', 't'],
      'There are several clusters: select one with --cluster (one, two).',
    ],
    [
      'with a queue that the server does not have',
      '',
      ['--id', TASK, '--template', 't', '--queue', 'none-such'],
      'Queue "none-such" not found',
    ],
    ['with a missing template', '', ['--id', TASK, '--template', 'no.template'], 'no.template does not exist'],
    [
      'with an image that the template does not use',
      '',
      ['--id', TASK, '--template', 't', '--container', 'python:3.12'],
      '--container would have no effect: t does not run the task in a container image. Add --singularity-mode, or write ${CLEARML_TASK.container.image} where',
    ],
  ] as const) {
    it(`exits with code 2 and an explanation if called ${what}`, async () => {
      await using cli = await openCliWithSandbox(settings);
      await cli.write('t', TEMPLATE);
      await cli.write('u', TEMPLATE);

      const { code, stdout, stderr } = await cli.run('execute', ...args);

      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr).to.include(answer);
    });
  }

  for (const [how, options, lines] of [
    ['--singularity-mode', ['--singularity-mode'], ''],
    ['an option of sbatch', [], '#SBATCH --container-image=${CLEARML_TASK.container.image:python}\n'],
    ['a command of the script', [], 'image=${CLEARML_TASK.container.image:python}\n'],
  ] as const) {
    it(`accepts --container if ${how} uses the image`, async () => {
      await using cli = await openCliWithStandIns();
      await cli.write('t', TEMPLATE.replace('#SBATCH -n 1\n', `$&${lines}`));

      const { stderr } = await cli.run('execute', '--id', TASK, '--template', 't', '--container', 'image', ...options);

      expect(stderr).to.include(`Task ${TASK}`).and.to.not.include('--container would have no effect');
    });
  }

  it("refuses to run a completed task, and does not change the task's container", async () => {
    await using cli = await openCliWithStandIns();
    await cli.write('t', TEMPLATE.replace('#SBATCH -n 1\n', '$&image=${CLEARML_TASK.container.image:python}\n'));
    const task = await cli.user.makeTask({ more: { container: { image: 'of-the-user' } } });
    await cli.user.api('tasks.started', { task, force: true });
    await cli.user.api('tasks.completed', { task });

    const { code, stderr } = await cli.run('execute', '--id', task, '--template', 't', '--container', 'another');

    expect(code, stderr).to.equal(2);
    expect(stderr).to.include('it is completed: run a copy with --clone');
    const { task: document } = await cli.user.api('tasks.get_by_id', { task });
    expect(document).to.have.nested.property('container.image', 'of-the-user');
  });

  it('tracks the task to its end even if the output pipe is closed', async () => {
    await using cli = await openCliWithStandIns('poll_interval_sec: 1');
    const go = join(cli.outside, 'go');
    const lines = `until test -e ${go}; do sleep 0.1; done; exit 7\n`;
    const template = await cli.write('t', TEMPLATE.replace('#SBATCH -n 1\n', `$&${lines}`));
    await cli.user.makeQueue('default');
    const task = await cli.user.makeTask({});
    const options = ['--id', task, '--template', template, '--queue', 'default'];
    const child = spawn(process.execPath, [builtProgram(), 'execute', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: cli.outside,
      env: { HOME: cli.folder, PATH: '/usr/bin:/bin' },
    });
    const ended = once(child, 'exit');
    child.stderr.resume();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stderr.destroy();

    await writeFile(go, '');

    expect(await ended).to.deep.equal([7, null]);
    const { task: document } = await cli.user.api('tasks.get_by_id', { task });
    expect(document).to.include({ status: 'failed' });
  });

  it('prints a command that tracks the same task again, without --clone and --container', () => {
    const typed = {
      id: 'the original',
      clone: true,
      container: 'image',
      template: 'my gpu.template',
      'singularity-mode': true,
    };

    expect(commandToTrackAgain(typed, TASK)).to.equal(
      `clearml-agent-slurm execute --id ${TASK} --template 'my gpu.template' --singularity-mode`,
    );
  });
});
