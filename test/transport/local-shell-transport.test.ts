// This machine by kept shells: the contract, and what only shells that live on can get wrong.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandTimeoutError, ConnectionLostError } from '../../src/transport/errors.ts';
import { createLocalShellTransport } from '../../src/transport/local-shell-transport.ts';
import type { Transport, Command } from '../../src/transport/transport.ts';
import { rejection } from '../support/rejection.ts';
import { PATIENCE_MS, waitUntil } from '../support/wait-until.ts';
import { describeHostContract } from './contract.ts';
import { runPastDeadline } from './growing-deadline.ts';

describe('the local host with kept shells', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'local-shells-')));
  const user = userInfo().username;

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function open(variables: Readonly<Record<string, string>> = {}, temporaryFolder = tmpdir()): Transport {
    return createLocalShellTransport({
      path: '/usr/bin:/bin',
      home: '/home/ann',
      user,
      workingDirectory: folder,
      variables,
      temporaryFolder,
    });
  }

  describeHostContract(() => Promise.resolve({ open, folder, user, home: '/home/ann' }));

  const sh = (script: string, timeoutMs = PATIENCE_MS): Command => ({
    program: 'sh',
    args: ['-c', script],
    timeoutMs,
  });
  const openFiles = (): string[] => readdirSync('/proc/self/fd');

  it('looks for no program where it starts, whatever PATH says', async () => {
    writeFileSync(join(folder, 'printenv'), '#!/bin/sh\necho planted\n', { mode: 0o755 });
    const options = { home: '/home/ann', user, workingDirectory: folder, temporaryFolder: tmpdir() };
    const host = createLocalShellTransport({ ...options, path: '.:bin:/usr/bin::/bin:' });
    const { stdout } = await host.run({ program: 'printenv', args: ['PATH'], timeoutMs: 10_000 });
    await host.close();
    expect(stdout).to.equal('/usr/bin:/bin\n');
  });

  it('starts one command after the other from the same shell, and no more shells than commands at once', async () => {
    const host = open();
    const parents = new Set<string>();
    for (let round = 0; round < 5; round += 1)
      for (const { stdout } of await Promise.all([host.run(sh('echo $PPID')), host.run(sh('echo $PPID'))]))
        parents.add(stdout);
    await host.close();

    expect(parents.size).to.equal(2);
    expect(parents).not.to.include(`${String(process.pid)}\n`);
  });

  it('never takes the end of one command for the beginning of another, whatever their lengths', async () => {
    const host = open();
    for (let length = 1; length < 40_000; length += 397) {
      const text = ';exit 9\n'.repeat(length / 8).padEnd(length);
      const { stdout } = await host.run({ program: 'printf', args: ['%s', text], timeoutMs: PATIENCE_MS });
      expect(stdout === text, String(length)).to.equal(true);
      expect(await host.run(sh(':'))).to.include({ exitCode: 0, stdout: '' });
    }
    await host.close();
  });

  it('starts nothing that was told to stop while its shell was being opened', async () => {
    const host = open();
    const stop = new AbortController();
    const running = rejection(host.run({ ...sh('touch ran'), signal: stop.signal }));
    stop.abort(new Error('the daemon stops'));

    expect(await running).to.have.property('message', 'the daemon stops');
    expect(existsSync(join(folder, 'ran'))).to.equal(false);
    await host.close();
  });

  it('leaves no file behind and none open', async () => {
    const temporaryFolder = mkdtempSync(join(tmpdir(), 'local-shells-files-'));
    const before = openFiles();
    const host = open({}, temporaryFolder);
    await Promise.all(Array.from({ length: 10 }, () => host.run({ ...sh('cat'), stdin: 'text' })));
    const names = readdirSync(temporaryFolder);
    await host.close();
    rmSync(temporaryFolder, { recursive: true });

    expect(names).to.deep.equal([]);
    await waitUntil('its files to be closed', () => openFiles().length <= before.length);
  });

  it('goes on without shells where none can be had', async () => {
    const host = open({}, join(folder, 'nothing'));

    expect(await host.run(sh('echo $PPID'))).to.include({ stdout: `${String(process.pid)}\n` });
    await host.close();
  });

  it('starts a program itself whose arguments a shell could not hand over', async () => {
    const host = open();
    const { stdout } = await host.run({ program: 'printf', args: ['%s', 'x'.repeat(101_000)], timeoutMs: PATIENCE_MS });
    await host.close();

    expect(stdout).to.have.lengthOf(101_000);
  });

  it('kills a program that ignores SIGTERM, and gives up on one that left the group and holds the pipe', async () => {
    const host = open();
    const pidFile = join(folder, 'left-pid');
    const ignoring = rejection(host.run(sh("trap '' TERM; while :; do sleep 1; done", 200)));
    const { error: left } = await runPastDeadline(
      (timeoutMs) => rejection(host.run(sh(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 1000' & wait`, timeoutMs))),
      () => existsSync(pidFile),
    );

    expect(await ignoring).to.be.instanceOf(CommandTimeoutError);
    expect(left).to.be.instanceOf(CommandTimeoutError);
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    expect(await host.run(sh('echo fine'))).to.include({ stdout: 'fine\n' });
    await host.close();
  });

  it('says that nothing is known of a program whose shell was killed', async () => {
    const host = open();
    const error = await rejection(host.run(sh('kill -9 $PPID; sleep 1')));

    expect(error).to.be.instanceOf(ConnectionLostError);
    expect(await host.run(sh('echo fine'))).to.include({ stdout: 'fine\n' });
    await host.close();
  });

  it('ends its shells when the program that has them is killed', async () => {
    const script = `
      import { createLocalShellTransport } from ${JSON.stringify(new URL('../../src/transport/local-shell-transport.ts', import.meta.url).href)};
      const host = createLocalShellTransport({ path: '/usr/bin:/bin', home: '/', user: '', workingDirectory: '/', temporaryFolder: '/tmp' });
      const { stdout } = await host.run({ program: 'sh', args: ['-c', 'echo $PPID'], timeoutMs: ${PATIENCE_MS} });
      process.stdout.write(stdout);
      process.kill(process.pid, 'SIGKILL');`;
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: new URL('../..', import.meta.url).pathname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });

    expect(Number(stdout)).to.be.greaterThan(1);
    await waitUntil('the shell to end', () => !existsSync(`/proc/${stdout.trim()}`));
  });
});
