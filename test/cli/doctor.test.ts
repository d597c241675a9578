// The text and JSON output of `doctor` on a real cluster, with one problem at a time.
import { expect } from 'chai';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SETUP_PROBLEMS } from '../doctor/setup-problems.ts';
import { CLEAN } from '../lint/template-problems.ts';
import { requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { readReport, type DoctorReport } from './doctor-report.ts';
import { openCliWithStandIns } from './cli-with-stand-ins.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli-with-sandbox.ts';
import { openCli, type Cli } from './open-cli.ts';

async function ask(cli: Cli, ...args: readonly string[]): Promise<DoctorReport> {
  return readReport(await cli.run('doctor', '--json', ...args));
}

describe('doctor', () => {
  before(requireSlurm);

  async function openOnCluster(settings = ''): Promise<CliWithSandbox> {
    const { slurmConf } = await sharedCluster();
    const cli = await openCliWithSandbox(`agent.slurm { slurm_conf: "${slurmConf}", ${settings} }`);
    await mkdir(join(cli.folder, 'shared'));
    await cli.write('a.template', CLEAN);
    return cli;
  }

  const SERVED = ['--queue', 'default', '--template-files', 'a.template'];

  it('reports that the configuration comes only from environment variables and options', async () => {
    await using cli = await openCli();

    const { stdout } = await cli.run('doctor');

    expect(stdout).to.match(/^✔ configuration +read from variables and options only \(no file\)$/m);
  });

  it('reports no problem if a task can run', async () => {
    await using cli = await openOnCluster();

    const { code, stdout } = await cli.run('doctor', ...SERVED);

    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/^✔ configuration +read from .*clearml\.conf$/m);
    expect(stdout).to.match(/^✔ queues +default$/m);
    expect(stdout).to.match(/^✔ templates +a\.template$/m);
    expect(stdout).to.match(/^\nSlurm\n– ssh +not needed: Slurm runs on this machine$/m);
    expect(stdout).to.match(/^✔ partitions +debug \(default\)/m);
    expect(stdout).not.to.include('✘');
    expect(stdout).to.match(/No problems found\.\n$/);
  });

  it('(with --on-node --as) reports missing keys and rejected keys', async () => {
    await using cli = await openCliWithStandIns();
    const slurm = `agent.slurm { slurm_bin_dir: ${cli.slurm.commandsDir}, state_dir: ${cli.stateDir}, user_map { default: nobody } }`;
    const keys = 'credentials { access_key: nobody, secret_key: wrong }';
    await cli.write('none.conf', `api.api_server: "${cli.url}"\n${slurm}\n`);
    await cli.write('wrong.conf', `api { api_server: "${cli.url}", ${keys} }\n${slurm}\n`);

    for (const file of ['none.conf', 'wrong.conf']) {
      const report = await ask(cli, '--on-node', '--as', 'nobody', '--config-file', join(cli.folder, file));

      expect(report.row('credentials').result).to.equal('failed');
      expect(report.row('user-job')).to.include({
        result: 'skipped',
        says: 'not checked: the login to ClearML failed',
      });
    }
  });

  it('creates no directory and no queue', async () => {
    await using cli = await openOnCluster('state_dir: state, scheduler_queue: parked');

    await ask(cli, ...SERVED);
    const again = await ask(cli, ...SERVED, '--queue', 'parked');

    expect(again.row('state-folder').says).to.match(/state \(will be created\)$/);
    expect(again.row('queues').says).to.equal('not found: queue "parked"');
  });

  it('prints the fix below a failed check', async () => {
    await using cli = await openOnCluster();

    const { code, stdout } = await cli.run('doctor', '--queue', 'defualt', '--template-files', 'a.template');

    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^✘ queues +not found: queue "defualt" \(did you mean "default"\?\)\n +→ Correct the name, or create the queue.*\.$/m,
    );
    expect(stdout).to.match(/1 problem found\.\n$/);
  });

  for (const problem of SETUP_PROBLEMS) {
    it(`reports only this problem: ${problem.what}`, async () => {
      await using cli = await openOnCluster();
      const { conf = '', args = [], end } = await problem.seed(cli);
      await appendFile(join(cli.folder, 'clearml.conf'), `\n${conf}\n`);

      const report = await ask(cli, ...(args[0] === '--queue' ? args : [...SERVED, ...args]));
      await end?.();

      expect(report.mismatch(problem)).to.equal(undefined);
      expect(report.code).to.equal(1);
      expect(JSON.stringify(report.failed)).not.to.include('wrong-secret');
    });
  }

  it('skips the checks that depend on a server or controller that does not respond', async () => {
    await using cli = await openOnCluster();
    await appendFile(join(cli.folder, 'clearml.conf'), 'api.api_server: "http://127.0.0.1:9"\n');
    const conf = await cli.write('slurm.conf', 'ClusterName=x\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\n');
    await appendFile(join(cli.folder, 'clearml.conf'), `agent.slurm.slurm_conf: "${conf}"\n`);

    const { row } = await ask(cli);

    for (const id of ['queues', 'server-version', 'partitions', 'accounts'])
      expect(row(id).result, id).to.equal('skipped');
  });

  it('reports an unreachable login node in the section of its cluster', async () => {
    await using cli = await openOnCluster();

    const { failed } = await ask(cli, ...SERVED, '--ssh', 'nowhere.invalid');

    expect(failed.map(({ id, section }) => [section, id])).to.deep.equal([['Cluster nowhere.invalid', 'ssh']]);
    expect(failed[0]?.says).to.include('nowhere.invalid');
  });
});
