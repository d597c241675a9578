// `init` on a real cluster: its files have no lint findings, run a task, and are never overwritten.
import { expect } from 'chai';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startWorld } from '../e2e/world.ts';
import { requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli-with-sandbox.ts';
import { openCli } from './open-cli.ts';

describe('init', () => {
  before(requireSlurm);

  async function openOnCluster(settings = ''): Promise<CliWithSandbox> {
    const { slurmConf } = await sharedCluster();
    return openCliWithSandbox(`agent.slurm { slurm_conf: "${slurmConf}", ${settings} }`);
  }

  it('writes a template, settings and a unit with which the daemon runs a task', async () => {
    await using world = await startWorld();

    const written = await world.run('init', 'site', '--yes', '--queue', world.nameOf('default'));
    expect(written.code, written.stderr).to.equal(0);
    const folder = join(world.folder, 'site');
    const [template = '', settings = '', unit = ''] = written.stdout.trim().split('\n');
    expect([template, settings]).to.deep.equal([join(folder, 'slurm.template'), join(folder, 'clearml-slurm.conf')]);
    expect(await readFile(unit, 'utf8')).to.include(`--config-file ${settings}`);
    const text = await readFile(template, 'utf8');
    expect(text).to.include('# The default partition (sinfo). Others: short, low, cheap.\n');
    expect(text).to.include('properties.partition.value:debug}');
    expect(text).to.include('# No GPUs: sinfo lists none in debug.\n');

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

  it('asks the user three questions in a terminal, and none with --yes', async () => {
    await using cli = await openOnCluster();
    const shown: string[] = [];
    const answering = cli.answering((question) => {
      shown.push(question);
      return question.includes('partition') ? 'short' : '';
    });

    const asked = await answering.run('init', 'asked');
    const unasked = await answering.run('init', 'unasked', '--yes');

    expect([asked.code, unasked.code], asked.stderr).to.deep.equal([0, 0]);
    expect(shown.map((question) => /\[.*\] $/.exec(question)?.[0])).to.deep.equal([
      '[default] ',
      '[debug] ',
      '[none] ',
    ]);
    const text = await readFile(join(cli.folder, 'asked/slurm.template'), 'utf8');
    expect(text).to.include('# You chose it. Others: debug, low, cheap.\n');
    expect(text).to.include('properties.walltime.value:1:00}');
    expect(await readFile(join(cli.folder, 'unasked/slurm.template'), 'utf8')).to.include('value:debug}');
  });

  it('creates the directory that --shared-dir names, and doctor accepts the directory', async () => {
    await using cli = await openOnCluster();
    const shared = join(cli.folder, 'deep/shared');

    const { code, stderr } = await cli.run('init', 'site', '--yes', '--shared-dir', shared);
    const checked = await cli.run('doctor', '--config-file', join(cli.folder, 'site/clearml-slurm.conf'));

    expect(code, stderr).to.equal(0);
    expect(checked.stdout).to.include(`✔ shared-folder   ${shared}\n`);
    expect(checked.stdout).to.include('✔ templates');
    expect(checked.stdout, checked.stdout).not.to.include('✘');
  });

  for (const name of ['slurm.template', 'clearml-slurm.conf', 'crontab']) {
    it(`writes no file if ${name} already exists`, async () => {
      await using cli = await openOnCluster();
      const path = await cli.write(name, 'mine\n');
      const before = await readdir(cli.folder);

      const { code, stderr } = await cli.run('init', '--yes');

      expect(code).to.equal(2);
      expect(stderr).to.include(`${path} already exists and was not changed. Move it, or write to another directory`);
      expect(await readFile(path, 'utf8')).to.equal('mine\n');
      expect(await readdir(cli.folder)).to.deep.equal(before);
    });
  }

  it('suggests "debug" for --partition debgu, and rejects a partition that is not up', async () => {
    await using cli = await openOnCluster();

    const mistyped = await cli.run('init', '--partition', 'debgu');
    const closed = await cli.run('init', '--partition', 'inactive');

    expect(mistyped).to.include({ code: 2 });
    expect(mistyped.stderr).to.include('--partition cannot be "debgu". Did you mean "debug"?');
    expect(closed.stderr).to.include('--partition "inactive" cannot be used now: inactive is not up.');
    expect(await readdir(cli.folder)).to.deep.equal(['clearml.conf']);
  });

  it('writes settings that include clearml.conf, even if clearml.conf does not exist yet', async () => {
    const { slurmConf } = await sharedCluster();
    await using cli = await openCli({ SLURM_CONF: slurmConf });
    const settings = join(cli.folder, 'site/clearml-slurm.conf');

    const { code, stderr } = await cli.run('init', 'site', '--yes');
    await cli.write('clearml.conf', 'api.api_server: "http://clearml.lab:8008"');
    const shown = await cli.run('config', '--config-file', settings);

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/^The ClearML server could not be queried: No ClearML credentials: .*\n/);
    expect(await readFile(settings, 'utf8')).to.include('The included file did not exist');
    expect(shown.stdout).to.include('api.api_server = "http://clearml.lab:8008"');
  });

  it('writes settings that include clearml.conf, even if an old trains.conf exists', async () => {
    await using cli = await openOnCluster();
    await cli.write(
      'trains.conf',
      'api { api_server: "http://old.lab:8008", files_server: "http://files.lab:8081" }\n',
    );

    const { code, stderr } = await cli.run('init', 'site', '--yes');
    const shown = await cli.run('config', '--config-file', join(cli.folder, 'site/clearml-slurm.conf'));

    expect(code, stderr).to.equal(0);
    expect(shown.stdout).to.include(`api.api_server = "${cli.url}"\n`);
    expect(shown.stdout).to.include('api.files_server = "http://files.lab:8081"\n');
  });

  it('writes the directory of --state-dir into the settings', async () => {
    await using cli = await openOnCluster();

    const { code, stderr } = await cli.run('init', 'site', '--yes', '--state-dir', 'my state');
    const settings = join(cli.folder, 'site/clearml-slurm.conf');
    const shown = await cli.run('config', 'agent.slurm.state_dir', '--config-file', settings);

    expect(code, stderr).to.equal(0);
    expect(shown.stdout).to.equal(`${join(cli.folder, 'my state')}\n`);
  });

  it('exits with code 69 and suggests doctor if sbatch is missing', async () => {
    await using cli = await openOnCluster('binaries { batch_binary: /nowhere/sbatch }');

    const { code, stderr } = await cli.run('init', '--yes');

    expect(code).to.equal(69);
    expect(stderr).to.match(/^clearml-agent-slurm: the Slurm commands are missing\. Run clearml-agent-slurm doctor/m);
  });
});
