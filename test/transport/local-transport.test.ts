// The local transport: the contract, and the faults that only a local process can cause.
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandTimeoutError, HostUnreachableError } from '../../src/transport/errors.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import { rejection } from '../support/rejection.ts';
import { describeHostContract } from './contract.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';
import { runPastDeadline } from './growing-deadline.ts';

describe('the local transport', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'local-host-')));
  const user = userInfo().username;

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function open(variables: Readonly<Record<string, string>> = {}): Transport {
    return createLocalTransport({
      path: '/usr/bin:/bin',
      home: '/home/ann',
      user,
      workingDirectory: folder,
      variables,
    });
  }

  describeHostContract(() => Promise.resolve({ open, folder, user, home: '/home/ann' }));

  it('does not run a program from its working directory even if PATH contains "."', async () => {
    writeFileSync(join(folder, 'printenv'), '#!/bin/sh\necho shadowed\n', { mode: 0o755 });
    for (const path of [':/usr/bin:/bin', '.:bin:/usr/bin::/bin']) {
      const host = createLocalTransport({ path, home: '/home/ann', user, workingDirectory: folder });
      const { stdout } = await host.run({ program: 'printenv', args: ['PATH'], timeoutMs: TIMEOUT_MS });
      expect(stdout).to.equal('/usr/bin:/bin\n');
    }
  });

  it('reports that no program ran if the arguments are too long for the kernel', async () => {
    const command = { program: 'true', args: ['x'.repeat(10_000_000)], timeoutMs: TIMEOUT_MS };

    expect(await rejection(open().run(command))).to.be.instanceOf(HostUnreachableError);
  });

  it('does not wait longer than the timeout for a program that ignores SIGTERM', async () => {
    const script = "trap '' TERM; while :; do sleep 1; done";
    const error = await rejection(open().run({ program: 'sh', args: ['-c', script], timeoutMs: 200 }));

    expect(error).to.be.instanceOf(CommandTimeoutError);
  });

  it('stops waiting at the deadline even if a process started by setsid keeps the pipe open', async () => {
    const pidFile = join(folder, 'left-pid');
    const script = `setsid sh -c 'echo $$ > ${pidFile}; exec sleep 1000' & wait`;
    const readPid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
    const { error } = await runPastDeadline(
      (timeoutMs) => rejection(open().run({ program: 'sh', args: ['-c', script], timeoutMs })),
      () => readPid() > 0,
    );

    expect(error).to.be.instanceOf(CommandTimeoutError);
    expect(readPid()).to.be.above(0);
    process.kill(readPid(), 'SIGKILL');
  });
});
