// `doctor` as a person and a program see it, on a real cluster, with one thing broken at a time.
import { expect } from 'chai';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FAULTS_HERE } from '../doctor/faults-here.ts';
import { CLEAN } from '../template/lint/faults.ts';
import { requireSlurm } from '../support/requires.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { hereOnSandbox, type OnSandbox } from './on-sandbox.ts';
import type { Here } from './run-here.ts';

const Report = z.object({
  failed: z.number(),
  checks: z.array(
    z.object({
      section: z.string().optional(),
      id: z.string(),
      asks: z.string(),
      result: z.enum(['ok', 'failed', 'skipped']),
      says: z.string(),
      fix: z.string().optional(),
    }),
  ),
});

type Row = z.infer<typeof Report>['checks'][number];

interface Told {
  readonly code: number;
  readonly failed: readonly Row[];
  readonly row: (id: string) => Row;
}

async function ask(place: Here, ...words: readonly string[]): Promise<Told> {
  const { code, stdout, stderr } = await place.run('doctor', '--json', ...words);
  const { checks } = Report.parse(JSON.parse(stdout));
  return {
    code,
    failed: checks.filter(({ result }) => result === 'failed'),
    row(id) {
      const found = checks.find((check) => check.id === id);
      if (found === undefined) throw new Error(`no ${id} in ${stdout}\n${stderr}`);
      return found;
    },
  };
}

describe('doctor', function () {
  this.timeout(60_000);
  before(requireSlurm);

  async function place(settings = ''): Promise<OnSandbox> {
    const { slurmConf } = await sharedCluster();
    const there = await hereOnSandbox(`agent.slurm { slurm_conf: "${slurmConf}", ${settings} }`);
    await mkdir(join(there.folder, 'shared'));
    await there.write('a.template', CLEAN);
    return there;
  }

  const SERVED = ['--queue', 'default', '--template-files', 'a.template'];

  it('finds nothing in the way of a task that can run, in words', async () => {
    await using there = await place();

    const { code, stdout, stderr } = await there.run('doctor', ...SERVED);

    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/^✔ configuration +read from .*clearml\.conf$/m);
    expect(stdout).to.match(/^✔ queues +default$/m);
    expect(stdout).to.match(/^✔ templates +a\.template$/m);
    expect(stdout).to.match(/^\nSlurm\n– ssh +not needed: Slurm is here$/m);
    expect(stdout).to.match(/^✔ partitions +debug \(default\)/m);
    expect(stdout).not.to.include('✘');
    expect(stderr).to.match(/Nothing is in the way\.\n$/);
  });

  it('leaves nothing behind: no folder, no queue', async () => {
    await using there = await place('state_dir: state, scheduler_queue: parked');

    await ask(there, ...SERVED);
    const again = await ask(there, ...SERVED, '--queue', 'parked');

    expect(again.row('state-folder').says).to.match(/state, to be made$/);
    expect(again.row('queues').says).to.equal('there is no queue "parked"');
  });

  it('tells a bad one with its fix below it, in words', async () => {
    await using there = await place();

    const { code, stdout, stderr } = await there.run('doctor', '--queue', 'defualt', '--template-files', 'a.template');

    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^✘ queues +there is no queue "defualt" \(did you mean "default"\?\)\n +→ Correct the name, or make the queue.*\.$/m,
    );
    expect(stderr).to.match(/One thing is in the way\.\n$/);
  });

  for (const { check, what, says, plant } of FAULTS_HERE) {
    it(`finds ${what}, and nothing else`, async () => {
      await using there = await place();
      const { conf = '', words = [], end } = await plant(there);
      await appendFile(join(there.folder, 'clearml.conf'), `\n${conf}\n`);

      const { code, failed } = await ask(there, ...(words[0] === '--queue' ? words : [...SERVED, ...words]));
      await end?.();

      expect(code).to.equal(1);
      expect(
        failed.map((row) => row.id),
        JSON.stringify(failed),
      ).to.deep.equal([check]);
      expect(failed[0]?.says).to.match(says).and.not.include('wrong-secret');
      expect(failed[0]?.fix).to.match(/^[A-Z]/);
    });
  }

  it('asks nothing further of a server that does not answer, nor of a controller', async () => {
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

  it('finds a host that can not be reached, under the name of its cluster', async () => {
    await using there = await place();

    const { failed } = await ask(there, ...SERVED, '--ssh', 'nowhere.invalid');

    expect(failed.map(({ id, section }) => [section, id])).to.deep.equal([['Cluster nowhere.invalid', 'ssh']]);
    expect(failed[0]?.says).to.include('nowhere.invalid');
  });
});
