// This machine as a host: what a command gets, what comes back, and that none outlives its deadline.
import { expect } from 'chai';
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandNotFound, CommandTimedOut, HostLost, HostUnreachable } from '../../src/host/errors.ts';
import type { Host, HostCommand } from '../../src/host/host.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';

const PATH = '/usr/bin:/bin';

describe('the local host', () => {
  let folder: string;
  let host: Host;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'local-host-')));
    host = createLocalHost({ path: PATH, home: '/home/ann', user: 'ann', workingDirectory: folder });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function shell(script: string, more: Partial<HostCommand> = {}): HostCommand {
    return { program: 'sh', args: ['-c', script], timeoutMs: 10_000, ...more };
  }

  it('gives back exit code, standard output and standard error', async () => {
    const result = await host.run(shell('echo out; echo err >&2; exit 3'));

    expect(result).to.deep.equal({ exitCode: 3, killedBy: undefined, stdout: 'out\n', stderr: 'err\n' });
  });

  it('names the signal that ended a program', async () => {
    const result = await host.run(shell('kill -9 $$'));

    expect(result).to.include({ exitCode: undefined, killedBy: 'SIGKILL' });
  });

  it('passes arguments as they are, without a shell', async () => {
    const args = ['$(touch pwned)', '`id`', 'a\'b"c', 'two words', '*', '', 'ü\n'];
    const result = await host.run({ program: 'printf', args: ['%s|', ...args], timeoutMs: 10_000 });

    expect(result.stdout).to.equal(args.map((arg) => `${arg}|`).join(''));
    expect(existsSync(join(folder, 'pwned'))).to.equal(false);
  });

  it('writes standard input and closes it, also when it is longer than a pipe holds', async () => {
    const stdin = `${'ü'.repeat(500_000)}end`;
    const result = await host.run({ program: 'cat', args: [], stdin, timeoutMs: 10_000 });

    expect(result.stdout === stdin).to.equal(true);
  });

  it('takes it well when a program does not read its input', async () => {
    const result = await host.run({ program: 'true', args: [], stdin: 'x'.repeat(5_000_000), timeoutMs: 10_000 });

    expect(result.exitCode).to.equal(0);
  });

  it('lets nothing of its own environment through but the named variables', async () => {
    process.env['LEAK_TEST_SECRET'] = 'secret';
    try {
      const own = createLocalHost({
        path: PATH,
        home: '/home/ann',
        user: 'ann',
        workingDirectory: folder,
        variables: { TZ: 'Asia/Tokyo' },
      });
      const { stdout } = await own.run({
        program: 'env',
        args: [],
        env: { SLURM_TIME_FORMAT: '%s' },
        timeoutMs: 10_000,
      });

      expect(stdout.trim().split('\n').sort()).to.deep.equal([
        'HOME=/home/ann',
        'LANG=C.UTF-8',
        'LC_ALL=C.UTF-8',
        'LOGNAME=ann',
        `PATH=${PATH}`,
        'SLURM_TIME_FORMAT=%s',
        'TZ=Asia/Tokyo',
        'USER=ann',
      ]);
    } finally {
      delete process.env['LEAK_TEST_SECRET'];
    }
  });

  it('starts programs in its working directory', async () => {
    const { stdout } = await host.run({ program: 'pwd', args: [], timeoutMs: 10_000 });

    expect(stdout).to.equal(`${folder}\n`);
  });

  it('says which program was not found, and where it looked', async () => {
    const error = await rejection(host.run({ program: 'sbatchh', args: [], timeoutMs: 10_000 }));

    expect(error).to.be.instanceOf(CommandNotFound);
    expect(error).to.include({ program: 'sbatchh', searchPath: PATH });
  });

  it('says the same of a file that is not executable', async () => {
    const path = join(folder, 'sbatch');
    writeFileSync(path, '#!/bin/sh\n');
    chmodSync(path, 0o644);

    expect(await rejection(host.run({ program: path, args: [], timeoutMs: 10_000 }))).to.be.instanceOf(CommandNotFound);
  });

  it('does not blame the program when the working directory is gone', async () => {
    rmSync(folder, { recursive: true });
    const error = await rejection(host.run({ program: 'true', args: [], timeoutMs: 10_000 }));

    expect(error).to.be.instanceOf(HostUnreachable);
    expect(error.message).to.contain(folder);
  });

  it('says that nothing was run when the kernel refuses the arguments', async () => {
    const command = { program: 'true', args: ['x'.repeat(10_000_000)], timeoutMs: 10_000 };

    expect(await rejection(host.run(command))).to.be.instanceOf(HostUnreachable);
  });

  it('ends a program and everything it started at the deadline, and keeps what it had printed', async () => {
    const pidFile = join(folder, 'pid');
    const error = await rejection(
      host.run(shell(`echo 4711; echo why >&2; sleep 100 & echo $! > ${pidFile}; wait`, { timeoutMs: 300 })),
    );

    expect(error).to.be.instanceOf(CommandTimedOut);
    expect(error).to.include({ program: 'sh', timeoutMs: 300, stdout: '4711\n', stderr: 'why\n' });
    const { stdout: pid } = await host.run({ program: 'cat', args: [pidFile], timeoutMs: 10_000 });
    await waitUntil('the grandchild to be gone', () => !isAlive(Number(pid)), { withinMs: 5_000 });
  });

  it('kills a program that ignores SIGTERM', async () => {
    const error = await rejection(host.run(shell("trap '' TERM; while :; do sleep 1; done", { timeoutMs: 200 })));

    expect(error).to.be.instanceOf(CommandTimedOut);
  });

  it('gives up on a process that left the group and still holds the pipe', async () => {
    const pidFile = join(folder, 'pid');
    const error = await rejection(
      host.run(shell(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 100' & wait`, { timeoutMs: 200 })),
    );

    expect(error).to.be.instanceOf(CommandTimedOut);
    const { stdout: pid } = await host.run({ program: 'cat', args: [pidFile], timeoutMs: 10_000 });
    process.kill(Number(pid), 'SIGKILL');
  });

  it('ends a program when it is told to stop, with the reason it was told', async () => {
    const stop = new AbortController();
    const running = host.run(shell('sleep 100', { signal: stop.signal }));
    const why = new Error('the daemon stops');
    stop.abort(why);

    expect(await rejection(running)).to.equal(why);
  });

  it('starts nothing when it was told to stop before', async () => {
    const command = shell('touch ran', { signal: AbortSignal.abort(new Error('stopped')) });

    expect(await rejection(host.run(command))).to.have.property('message', 'stopped');
    expect(existsSync(join(folder, 'ran'))).to.equal(false);
  });

  it('ends what still runs when it is given up, and starts nothing more', async () => {
    const running = rejection(host.run(shell('sleep 100')));

    await host.close();

    expect(await running).to.be.instanceOf(HostLost);
    expect(await rejection(host.run(shell('true')))).to.be.instanceOf(HostLost);
  });

  it('ends a program that never stops printing', async () => {
    const error = await rejection(host.run({ program: 'yes', args: [], timeoutMs: 60_000 }));

    expect(error).to.be.instanceOf(HostLost);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
