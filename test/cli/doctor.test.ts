// `doctor` as a person and a program see it, on a real cluster, with one thing broken at a time.
import { expect } from 'chai';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CLEAN } from '../template/lint/faults.ts';
import { requireSlurm } from '../support/requires.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { hereOnSandbox, type OnSandbox } from './on-sandbox.ts';
import { here, type Here } from './run-here.ts';

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

  for (const { what, id, says, settings, prepare, words } of [
    { what: 'a misspelt setting', id: 'configuration', says: /poll_intervall_sec/, settings: 'poll_intervall_sec: 3' },
    {
      what: 'another Slurm command folder',
      id: 'slurm-commands',
      says: /^no .*sbatch/,
      settings: 'binaries { batch_binary: /nowhere/sbatch }',
    },
    {
      what: 'a shared folder that is missing',
      id: 'shared-folder',
      says: /^\/nowhere is missing$/,
      settings: 'shared_dir: /nowhere',
    },
    {
      what: 'a state folder that is a file',
      id: 'state-folder',
      says: /a\.template can't be used/,
      settings: 'state_dir: a.template',
    },
    {
      what: 'a poll interval above half of MinJobAge',
      id: 'ended-jobs',
      says: /MinJobAge is 300 s, and we look every 200 s/,
      settings: 'poll_interval_sec: 200',
    },
    {
      what: 'a template with a fault',
      id: 'templates',
      says: /^a\.template:\d+: .*nowhere/,
      prepare: (there: OnSandbox) =>
        there.write('a.template', CLEAN.replace('export SITE', '#SBATCH --partition=nowhere\nexport SITE')),
    },
    {
      what: 'a template that is missing',
      id: 'templates',
      says: /b\.template does not exist/,
      words: ['--queue', 'default', '--template-files', 'b.template'],
    },
    {
      what: 'a template too many',
      id: 'templates',
      says: /1 queue but 2 template files/,
      words: ['--queue', 'default', '--template-files', 'a.template', 'c.template'],
      prepare: (there: OnSandbox) => there.write('c.template', CLEAN),
    },
    {
      what: 'a daemon of another machine on the state folder',
      id: 'other-daemon',
      says: /^process 812 on login2 uses it$/,
      settings: 'state_dir: state',
      async prepare(there: OnSandbox) {
        await mkdir(join(there.folder, 'state'));
        const holder = { host: 'login2', pid: 812, begun: '1', since: Date.now() };
        await there.write('state/daemon.lock', JSON.stringify(holder));
      },
    },
  ] as readonly {
    what: string;
    id: string;
    says: RegExp;
    settings?: string;
    prepare?: (there: OnSandbox) => Promise<unknown>;
    words?: readonly string[];
  }[]) {
    it(`finds ${what}, and nothing else`, async () => {
      await using there = await place(settings);
      await prepare?.(there);

      const { code, failed } = await ask(there, ...(words ?? SERVED));

      expect(code).to.equal(1);
      expect(failed.map((row) => row.id)).to.deep.equal([id]);
      expect(failed[0]?.says).to.match(says);
      expect(failed[0]?.fix).to.match(/^[A-Z]/);
    });
  }

  for (const { what, id, says, conf } of [
    {
      what: 'no keys',
      id: 'credentials',
      says: /api\.credentials\.access_key is neither/,
      conf: 'api.api_server: "http://127.0.0.1:9"',
    },
    {
      what: 'a server that is away',
      id: 'server',
      says: /no usable answer from http:\/\/127\.0\.0\.1:9/,
      conf: 'api { api_server: "http://127.0.0.1:9", credentials { access_key: a, secret_key: "top-secret" } }',
    },
  ] as const) {
    it(`finds ${what}, and asks nothing further of the server`, async () => {
      const { slurmConf } = await sharedCluster();
      await using there = await here();
      await writeFile(join(there.folder, 'clearml.conf'), `${conf}\nagent.slurm.slurm_conf: "${slurmConf}"\n`);

      const { code, failed, row } = await ask(there);

      expect(code).to.equal(1);
      expect(failed.map((one) => one.id)).to.deep.equal([id]);
      expect(failed[0]?.says).to.match(says).and.not.include('top-secret');
      expect(row('queues').result).to.equal('skipped');
    });
  }

  it('finds keys that the server does not know', async () => {
    await using there = await place();
    const conf = join(there.folder, 'other.conf');
    await writeFile(conf, `include "clearml.conf"\napi.credentials.secret_key: wrong-secret\n`);

    const { failed, row } = await ask(there, ...SERVED, '--config-file', conf);

    expect(failed.map((one) => one.id)).to.deep.equal(['credentials']);
    expect(row('server').result).to.equal('ok');
    expect(row('credentials').says).to.match(/does not accept them$/);
  });

  it('finds a controller that does not answer, and asks nothing further of Slurm', async () => {
    await using there = await place();
    const conf = await there.write(
      'slurm.conf',
      'ClusterName=x\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\nMessageTimeout=1\n',
    );

    const { failed, row } = await ask(await renamed(there, conf));

    expect(failed.map((one) => one.id)).to.include('controller');
    expect(row('partitions').result).to.equal('skipped');
  });

  it('finds a host that can not be reached, under the name of its cluster', async () => {
    await using there = await place();

    const { failed } = await ask(there, ...SERVED, '--ssh', 'nowhere.invalid');

    expect(failed.map(({ id, section }) => [section, id])).to.deep.equal([['Cluster nowhere.invalid', 'ssh']]);
    expect(failed[0]?.says).to.include('nowhere.invalid');
  });

  async function renamed(there: OnSandbox, slurmConf: string): Promise<Here> {
    await rm(join(there.folder, 'a.template'));
    await writeFile(join(there.folder, 'x.conf'), `include "clearml.conf"\nagent.slurm.slurm_conf: "${slurmConf}"\n`);
    return { ...there, run: (...words) => there.run(...words, '--config-file', join(there.folder, 'x.conf')) };
  }
});
