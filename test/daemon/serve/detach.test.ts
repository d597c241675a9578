// Tests how long the command that starts a daemon in the background waits for it; operating.test.ts has the rest.
import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { readConfig } from '../../../src/assembly/load-trusted-config.ts';
import { detach } from '../../../src/daemon/serve/detach.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe('a daemon in the background', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'detach-'));
    await writeFile(join(folder, 'clearml.conf'), `agent.slurm.state_dir: ${folder}/state\n`, { mode: 0o600 });
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps running even if it is not ready when the starting command times out', async () => {
    const timeout = new AbortController();
    const context = {
      environment: {},
      homeDir: folder,
      workingDir: folder,
      hostName: 'login1',
      stdout: () => undefined,
      stderr: () => undefined,
      errorStream: new PassThrough(),
      startedAs: ['/bin/sh', '-c', 'echo Slurm is unreachable; exec sleep 600'],
      stop: new AbortController().signal,
      onSignal: () => () => undefined,
    };

    const detached = detach(readConfig({ settings: [] }, context), timeout.signal);
    const log = join(folder, 'state/daemon.log');
    await waitUntil('its log', async () => (await readFile(log, 'utf8').catch(() => '')).endsWith('\n'));
    timeout.abort();
    const { pid, ...result } = await detached;
    process.kill(pid, 'SIGKILL');

    expect(result).to.deep.equal({
      logFile: log,
      state: { kind: 'starting', output: 'Slurm is unreachable\n' },
    });
  });
});
