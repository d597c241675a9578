// `init` on a real cluster: what it writes lints clean, runs a task at once, and is never written over.
import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startWorld } from '../e2e/world.ts';
import { requireSlurm } from '../support/requires.ts';

describe('init', function () {
  this.timeout(120_000);
  before(requireSlurm);

  it('writes a template and settings that lint finds clean and a task runs with at once', async () => {
    await using world = await startWorld();

    const written = await world.run('init', 'site');
    expect(written.code, written.stderr).to.equal(0);
    const template = join(world.folder, 'site', 'slurm.template');
    const settings = join(world.folder, 'site', 'clearml-slurm.conf');
    expect(written.stdout).to.equal(`${template}\n${settings}\n`);
    const text = await readFile(template, 'utf8');
    expect(text).to.include('# The default partition, says sinfo. Others: short, low, cheap.\n');
    expect(text).to.include('properties.partition.value:debug}');
    expect(text).to.include('# No GPUs: sinfo shows none in debug.\n');

    const linted = await world.run('lint', '--strict', template);
    expect(linted.code, linted.stdout).to.equal(0);

    // As in every quick test: the agent's own Python runs the task, so that nothing has to be installed.
    const quick = 'export CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1\n${CLEARML_PRE_SETUP}';
    await writeFile(
      template,
      text.replace('${CLEARML_PRE_SETUP}', () => quick),
    );
    const task = await world.user.makeTask({});
    await world.user.enqueue(task, await world.user.makeQueue('default'));
    const daemon = world.start('--config-file', settings);
    await world.untilStatus(task, 'completed');
    await world.stop(daemon);
  });

  it('leaves what is there as it is, unless it is told to write anew', async () => {
    await using world = await startWorld();
    const path = await world.write('slurm.template', 'mine\n');

    const refused = await world.run('init');
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.include(`${path} is there already, and was left as it is. Use --force`);
    expect(await readFile(path, 'utf8')).to.equal('mine\n');

    expect((await world.run('init', '--force', '--partition', 'short')).code).to.equal(0);
    const text = await readFile(path, 'utf8');
    expect(text).to.include('# As you typed it. Others: debug, low, cheap.\n');
    expect(text).to.match(/has a limit of 1:00, says sinfo\.\n#SBATCH --time=.*:1:00\}/);
  });

  it('names the partition that was probably meant', async () => {
    await using world = await startWorld();

    const { code, stderr } = await world.run('init', '--partition', 'debg');

    expect(code).to.equal(2);
    expect(stderr).to.include('No partition "debg" with a usable node. Did you mean "debug"?');
  });
});
