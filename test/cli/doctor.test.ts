// The text and JSON output of `doctor` on a real cluster, with one fault at a time.
import { expect } from 'chai';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FAULTS_HERE } from '../doctor/faults-here.ts';
import { CLEAN } from '../lint/faults.ts';
import { requireSlurm } from '../support/requires.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { readReport, type Told } from './doctor-report.ts';
import { hereOnSandbox, type OnSandbox } from './on-sandbox.ts';
import type { Here } from './run-here.ts';

async function ask(place: Here, ...words: readonly string[]): Promise<Told> {
  return readReport(await place.run('doctor', '--json', ...words));
}

describe('doctor', () => {
  before(requireSlurm);

  async function place(settings = ''): Promise<OnSandbox> {
    const { slurmConf } = await sharedCluster();
    const there = await hereOnSandbox(`agent.slurm { slurm_conf: "${slurmConf}", ${settings} }`);
    await mkdir(join(there.folder, 'shared'));
    await there.write('a.template', CLEAN);
    return there;
  }

  const SERVED = ['--queue', 'default', '--template-files', 'a.template'];

  it('finds no problems if a task can run', async () => {
    await using there = await place();

    const { code, stdout } = await there.run('doctor', ...SERVED);

    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/^✔ configuration +read from .*clearml\.conf$/m);
    expect(stdout).to.match(/^✔ queues +default$/m);
    expect(stdout).to.match(/^✔ templates +a\.template$/m);
    expect(stdout).to.match(/^\nSlurm\n– ssh +not needed: Slurm runs on this machine$/m);
    expect(stdout).to.match(/^✔ partitions +debug \(default\)/m);
    expect(stdout).not.to.include('✘');
    expect(stdout).to.match(/No problems found\.\n$/);
  });

  it('creates no directory and no queue', async () => {
    await using there = await place('state_dir: state, scheduler_queue: parked');

    await ask(there, ...SERVED);
    const again = await ask(there, ...SERVED, '--queue', 'parked');

    expect(again.row('state-folder').says).to.match(/state \(will be created\)$/);
    expect(again.row('queues').says).to.equal('not found: queue "parked"');
  });

  it('prints the fix below a failed check', async () => {
    await using there = await place();

    const { code, stdout } = await there.run('doctor', '--queue', 'defualt', '--template-files', 'a.template');

    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^✘ queues +not found: queue "defualt" \(did you mean "default"\?\)\n +→ Correct the name, or create the queue.*\.$/m,
    );
    expect(stdout).to.match(/1 problem found\.\n$/);
  });

  for (const fault of FAULTS_HERE) {
    it(`finds ${fault.what}, and nothing else`, async () => {
      await using there = await place();
      const { conf = '', words = [], end } = await fault.seed(there);
      await appendFile(join(there.folder, 'clearml.conf'), `\n${conf}\n`);

      const told = await ask(there, ...(words[0] === '--queue' ? words : [...SERVED, ...words]));
      await end?.();

      expect(told.mismatch(fault)).to.equal(undefined);
      expect(told.code).to.equal(1);
      expect(JSON.stringify(told.failed)).not.to.include('wrong-secret');
    });
  }

  it('skips later checks of a server and a controller that do not respond', async () => {
    await using there = await place();
    await appendFile(join(there.folder, 'clearml.conf'), 'api.api_server: "http://127.0.0.1:9"\n');
    const conf = await there.write(
      'slurm.conf',
      'ClusterName=x\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\n',
    );
    await appendFile(join(there.folder, 'clearml.conf'), `agent.slurm.slurm_conf: "${conf}"\n`);

    const { row } = await ask(there);

    for (const id of ['queues', 'server-version', 'partitions', 'accounts'])
      expect(row(id).result, id).to.equal('skipped');
  });

  it('reports an unreachable host in the section of its cluster', async () => {
    await using there = await place();

    const { failed } = await ask(there, ...SERVED, '--ssh', 'nowhere.invalid');

    expect(failed.map(({ id, section }) => [section, id])).to.deep.equal([['Cluster nowhere.invalid', 'ssh']]);
    expect(failed[0]?.says).to.include('nowhere.invalid');
  });
});
