// A daemon reloads its configuration while one of its clusters, or its state directory, cannot be used.
import { expect } from 'chai';
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { systemClock } from '../../src/base/clock.ts';
import { commonOptions } from '../../src/cli/setting-options.ts';
import { acquireLock } from '../../src/daemon/journal/lock.ts';
import { serve } from '../../src/daemon/serve/serve-and-reload.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openCli, type Cli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

interface Started {
  readonly log: () => string;
  readonly reload: () => void;
  /** Waits for this text, so many times; fails if the daemon ends before. */
  readonly untilLogged: (text: string, times?: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

describe('a reload of the configuration', () => {
  let folder: string;
  let sandbox: Sandbox;
  let slurm: StandInCluster;
  let cli: Cli;
  let started: Started | undefined;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'reload-')));
    // Others can reach the state directory, so that its mode matters.
    await chmod(folder, 0o755);
    sandbox = await createSandbox({ port: 0, clock: systemClock });
    slurm = await startStandInCluster({ stateDir: join(folder, 'slurm') });
    cli = await openCli();
    await cli.write('t', TEMPLATE);
  });
  afterEach(async () => {
    await started?.stop();
    started = undefined;
    await slurm.close();
    await sandbox.close();
    await cli[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function configure(settings: string): Promise<void> {
    await cli.write(
      'clearml.conf',
      `api { api_server: "${sandbox.url}", credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" } }
       agent.worker_name: glue
       agent.slurm { state_dir: ${folder}/state, template_files: [t], poll_interval_sec: 1, slurm_bin_dir: ${slurm.commandsDir}
         ${settings} }`,
    );
  }

  function start(): Started {
    const reloads: (() => void)[] = [];
    const stop = new AbortController();
    let log = '';
    let ended: string | undefined;
    const errorStream = new PassThrough();
    errorStream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const context = {
      environment: { PATH: '/usr/bin:/bin' },
      homeDir: cli.folder,
      workingDir: cli.folder,
      hostName: 'login1',
      stdout: () => undefined,
      stderr: () => undefined,
      errorStream,
      startedAs: [],
      stop: stop.signal,
      onSignal: (name: string, listener: () => void) => {
        if (name === 'SIGHUP') reloads.push(listener);
        return () => undefined;
      },
    };
    const serving = serve({ ...commonOptions({}), once: false, createQueues: true }, context).then(
      (end) => (ended = `the daemon ended: ${end}`),
      (error: unknown) => (ended = `the daemon failed: ${String(error)}`),
    );
    return (started = {
      log: () => log,
      reload: () => {
        for (const listener of reloads) listener();
      },
      untilLogged: async (text, times = 1) => {
        const isLogged = (): boolean => log.split(text).length > times;
        await waitUntil(`"${text}" ${times} times`, isLogged, { hopeless: () => ended, evidence: () => log });
      },
      stop: async () => {
        stop.abort(new Error('the test ends'));
        await serving;
      },
    });
  }

  it('makes the daemon serve a cluster that was unusable before', async () => {
    await configure('clusters { good {}, bad {} }, queues { aaa { cluster: good }, bbb { cluster: bad } }');
    const lock = await acquireLock(join(folder, 'state', 'bad'), 'elsewhere', systemClock.now());
    const daemon = start();
    await daemon.untilLogged('Serving cluster=good');
    await daemon.untilLogged('Could not serve a cluster; serving the other clusters cluster=bad');

    await lock.release();
    daemon.reload();

    await daemon.untilLogged('Serving cluster=good', 2);
    await daemon.untilLogged('Serving cluster=bad');
  });

  it('succeeds even if a user requests the reload while the daemon starts', async () => {
    await configure('queues: [aaa]');
    const daemon = start();
    daemon.reload();

    await daemon.untilLogged('Reloaded the configuration and the templates');
    await daemon.untilLogged('INFO Serving');
  });

  it('logs that a change of agent.slurm.http requires a restart', async () => {
    const warning = 'WARN agent.slurm.http has changed, which a reload does not apply; restart the daemon';
    await configure('queues: [aaa]');
    const daemon = start();
    await daemon.untilLogged('INFO Serving');

    await configure(`queues: [aaa], http { unix_socket: ${folder}/http.sock }`);
    daemon.reload();
    await daemon.untilLogged('INFO Serving', 2);
    await configure('queues: [bbb]');
    daemon.reload();
    await daemon.untilLogged('INFO Serving', 3);

    expect(daemon.log().split(warning)).to.have.length(2);
  });

  it('does not change the start time that status shows', async () => {
    await configure('queues: [aaa]');
    const since = async (): Promise<unknown> =>
      (JSON.parse(await readFile(join(folder, 'state', 'daemon.lock'), 'utf8')) as { since: number }).since;
    const daemon = start();
    await daemon.untilLogged('INFO Serving');
    const before = await since();

    daemon.reload();
    await daemon.untilLogged('INFO Serving', 2);

    expect(await since()).to.equal(before);
  });

  it('makes the daemon serve the cluster again when its state directory is usable again (D-06)', async () => {
    await configure('queues: [aaa]');
    const daemon = start();
    await daemon.untilLogged('INFO Serving');

    await chmod(join(folder, 'state'), 0o777);
    daemon.reload();
    await daemon.untilLogged('Cannot run with the reloaded configuration; keeping the previous one');
    await daemon.untilLogged('Could not serve the cluster again after a reload; retrying');
    await chmod(join(folder, 'state'), 0o700);

    await daemon.untilLogged('INFO Serving', 2);
  });

  it('succeeds after a failed reload if the configuration is correct again', async () => {
    await configure('queues: [aaa]');
    const daemon = start();
    await daemon.untilLogged('INFO Serving');
    await chmod(join(folder, 'state'), 0o777);
    daemon.reload();
    await daemon.untilLogged('Could not serve the cluster again after a reload; retrying');

    await configure(`queues: [aaa], state_dir: ${folder}/other`);
    daemon.reload();

    await daemon.untilLogged('INFO Serving', 2);
    await acquireLock(join(folder, 'other'), 'login1', systemClock.now()).then(
      () => expect.fail('the other state directory is not used'),
      (error: unknown) => expect(String(error)).to.contain('Another clearml-agent-slurm'),
    );
  });
});
