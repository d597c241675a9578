// Several clusters of which one cannot be served: the daemon reports it, serves the others, and exits with its code.
import { expect } from 'chai';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { acquireLock } from '../../src/daemon/journal/lock.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { openCli, type CliResult, type Cli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('a daemon with several clusters', () => {
  let folder: string;
  let sandbox: Sandbox;
  let slurm: StandInCluster;
  let cli: Cli;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'rounds-')));
    sandbox = await createSandbox({ port: 0, clock: systemClock });
    slurm = await startStandInCluster({ stateDir: join(folder, 'slurm') });
    // Only the Slurm that the configuration names.
    cli = await openCli({ PATH: '/nowhere' });
    await cli.write('t', TEMPLATE);
  });
  afterEach(async () => {
    await slurm.close();
    await sandbox.close();
    await cli[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function round(clusters: string, ...args: readonly string[]): Promise<CliResult> {
    await cli.write(
      'clearml.conf',
      `api { api_server: "${sandbox.url}", credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" } }
       agent.worker_name: glue
       agent.slurm { state_dir: ${folder}/state, template_files: [t], ${clusters} }`,
    );
    return cli.run('--once', '--create-queue', ...args);
  }

  const good = (): string => `good { slurm_bin_dir: ${slurm.commandsDir} }`;
  const QUEUES = 'queues { aaa { cluster: good }, bbb { cluster: bad } }';

  it('serves one of two clusters if the other cluster has no Slurm commands', async () => {
    const { code, stderr } = await round(`clusters { ${good()}, bad { slurm_bin_dir: /none } }, ${QUEUES}`);

    expect(code, stderr).to.equal(69);
    expect(stderr)
      .to.match(/Serving cluster=good .*worker=glue:slurm:good/)
      .and.to.match(/Stopped.* cluster=good/);
    expect(stderr).to.match(
      /ERROR Could not serve a cluster; serving the other clusters cluster=bad .*scontrol not found.* Set slurm_bin_dir/,
    );
  });

  it('serves one of two clusters if another daemon serves the other cluster', async () => {
    const lock = await acquireLock(join(folder, 'state', 'bad'), 'elsewhere', systemClock.now());
    const twice = `${good()}, bad { slurm_bin_dir: ${slurm.commandsDir} }`;

    const { code, stderr } = await round(`clusters { ${twice} }, ${QUEUES}`);
    await lock.release();

    expect(code, stderr).to.equal(75);
    expect(stderr)
      .to.match(/Stopped.* cluster=good/)
      .and.to.match(/Another clearml-agent-slurm .*state\/bad/);
  });

  it('serves one of two clusters if scontrol hangs on the other cluster', async () => {
    const bin = join(folder, 'hangs');
    await mkdir(bin);
    const served = join(folder, 'state', 'good');
    const untilStopped = `until [ -e ${served}/journal.jsonl ] && [ ! -e ${served}/daemon.lock ]; do sleep 0.1; done`;
    await writeFile(join(bin, 'scontrol'), `#!/bin/sh\nPATH=/usr/bin:/bin\n${untilStopped}\nexit 1\n`, { mode: 0o755 });

    const { code, stderr } = await round(
      `command_timeout_sec: 300, clusters { ${good()}, bad { slurm_bin_dir: ${bin} } }, ${QUEUES}`,
    );

    expect(code, stderr).to.equal(69);
    expect(stderr.indexOf('Stopped')).to.be.within(0, stderr.indexOf('cluster=bad'));
    expect(stderr).to.contain('scontrol');
  });

  it('serves one of two clusters if the other state directory belongs to another ClearML server', async () => {
    const state = join(folder, 'state', 'bad');
    await mkdir(state, { recursive: true, mode: 0o700 });
    const entry = { task: 'f'.repeat(32), queue: 'e'.repeat(32), queueName: 'bbb', step: 'following', stepAt: 1 };
    const journal = `${JSON.stringify({ v: 2, entry })}\n`;
    await writeFile(join(state, 'journal.jsonl'), journal);
    const twice = `${good()}, bad { slurm_bin_dir: ${slurm.commandsDir} }`;

    const { code, stderr } = await round(`clusters { ${twice} }, ${QUEUES}`);

    expect(code, stderr).to.equal(73);
    expect(stderr)
      .to.match(/Stopped.* cluster=good/)
      .and.to.match(/state\/bad\/journal.jsonl is of another ClearML server/);
    expect(await readFile(join(state, 'journal.jsonl'), 'utf8')).to.equal(journal);
  });

  it('serves a cluster without queues, because jobs may still run there', async () => {
    const clusters = `clusters { ${good()}, bad { slurm_bin_dir: ${slurm.commandsDir} } }, queues { aaa { cluster: good } }`;

    const { code, stderr } = await round(clusters);

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/Serving cluster=bad .*queues=""/);
  });

  it('serves only the cluster that --cluster names', async () => {
    const clusters = `clusters { ${good()}, bad { slurm_bin_dir: /none } }, ${QUEUES}`;

    const { code, stderr } = await round(clusters, '--cluster', 'good');

    expect(code, stderr).to.equal(0);
    expect(stderr).not.to.match(/\bbad\b/);
    expect(await readdir(join(folder, 'state'))).to.deep.equal(['good']);
  });

  it('treats --ssh localhost as this machine, with the cluster name "localhost"', async () => {
    const { code, stderr } = await round(`slurm_bin_dir: ${slurm.commandsDir}`, '--ssh', 'localhost', '--queue', 'aaa');

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/Serving cluster=localhost .*worker=glue:slurm:localhost/);
  });

  it('warns about jobs that were submitted before the cluster had a name', async () => {
    await mkdir(join(folder, 'state'));
    const entry = { task: 'f'.repeat(32), queue: 'e'.repeat(32), queueName: 'aaa', step: 'following', stepAt: 1 };
    await writeFile(join(folder, 'state', 'journal.jsonl'), `${JSON.stringify({ v: 1, entry })}\n`);

    const { code, stderr } = await round(`clusters { ${good()} }, queues: [aaa]`);

    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(
      /WARN The journal of the previous configuration \(without agent\.slurm\.clusters\) still has tasks.*state\/journal.jsonl.* tasks=1/,
    );
  });

  it('does not start if the configuration has two clusters but no queue', async () => {
    const { code, stderr } = await round(`clusters { ${good()}, bad {} }`);

    expect(code).to.equal(2);
    expect(stderr).to.contain('No queue. Set agent.slurm.queues');
  });
});
