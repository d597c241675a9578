// Tests that only one daemon uses a state directory.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readlink, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AlreadyRunningError,
  StateDirectoryError,
  StateDirectoryLostError,
  acquireLock,
  findHolder,
} from '../../../src/daemon/journal/lock.ts';
import { rejection } from '../../support/rejection.ts';

describe('the lock of a state directory', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
    file = join(folder, 'daemon.lock');
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('rejects a second daemon, and names the host, process id and start time of the first (D-08)', async () => {
    await acquireLock(folder, 'login1', Date.UTC(2026, 0, 2));

    const error = await rejection(acquireLock(folder, 'login1', Date.now()));

    expect(error).to.be.instanceOf(AlreadyRunningError);
    expect(String(error)).to.include(`process ${process.pid} on login1, since 2026-01-02T00:00:00.000Z`);
  });

  it('can be acquired again after its release', async () => {
    const lock = await acquireLock(folder, 'login1', Date.now());
    await lock.release();

    await acquireLock(folder, 'login1', Date.now());
  });

  it('can be acquired if the process of its holder has ended', async () => {
    const child = spawn('true');
    await once(child, 'close');
    await writeFile(file, JSON.stringify({ host: 'login1', pid: child.pid, begun: '1', since: 0 }));

    await acquireLock(folder, 'login1', Date.now());

    expect(JSON.parse(await readFile(file, 'utf8'))).to.include({ pid: process.pid });
  });

  it('can be acquired if an unrelated process has reused the process id of its holder', async () => {
    await writeFile(file, JSON.stringify({ host: 'login1', pid: process.pid, begun: '1', since: 0 }));

    await acquireLock(folder, 'login1', Date.now());
  });

  it('cannot be acquired while a holder on another host renews the lock', async () => {
    await writeFile(file, JSON.stringify({ host: 'login2', pid: 1, begun: '1', since: 0 }));

    expect(await rejection(acquireLock(folder, 'login1', Date.now()))).to.be.instanceOf(AlreadyRunningError);
  });

  it('can be acquired once a holder on another host has not renewed the lock for 10 minutes', async () => {
    await writeFile(file, JSON.stringify({ host: 'login2', pid: 1, begun: '1', since: 0 }));
    const longAgo = new Date(Date.now() - 600_000);
    await utimes(file, longAgo, longAgo);

    await acquireLock(folder, 'login1', Date.now());
  });

  it('can be acquired if a crash has left the lock file empty', async () => {
    await writeFile(file, '');

    await acquireLock(folder, 'login1', Date.now());
  });

  it('is neither removed nor reported as free if the lock file is unreadable', async () => {
    // A read fails with ELOOP, as it does with EACCES, EIO or EMFILE.
    await symlink('daemon.lock', file);

    const refused = await rejection(acquireLock(folder, 'login1', Date.now()));
    const unknown = await rejection(findHolder(folder, 'login1', Date.now()));

    expect(refused).to.be.instanceOf(StateDirectoryError);
    expect(refused.message).to.include(`The state directory ${folder} cannot be used: ELOOP`);
    expect(unknown).to.be.instanceOf(StateDirectoryError);
    expect(unknown.message).to.match(
      /^Cannot tell whether a daemon uses .*: ELOOP.* as the Unix user of the daemon\.$/,
    );
    expect(await readlink(file)).to.equal('daemon.lock');
  });

  it('stays held while the lock file is unreadable', async () => {
    const lock = await acquireLock(folder, 'login1', 1);
    const moved = join(folder, 'moved');
    await rename(file, moved);
    await symlink('daemon.lock', file);
    await lock.touch();
    await rename(moved, file);

    await lock.touch();
  });

  it('is reported as lost if another daemon acquired the lock while its holder was suspended', async () => {
    const lock = await acquireLock(folder, 'login1', 1);
    await writeFile(file, JSON.stringify({ host: 'login2', pid: 1, begun: '1', since: 0 }));

    expect(await rejection(lock.touch())).to.be.instanceOf(AlreadyRunningError);
    await lock.release();

    expect(JSON.parse(await readFile(file, 'utf8'))).to.include({ host: 'login2' });
  });

  it('is written again if the lock file was removed', async () => {
    const lock = await acquireLock(folder, 'login1', 1);
    await rm(file);

    await lock.touch();

    expect(JSON.parse(await readFile(file, 'utf8'))).to.include({ host: 'login1', since: 1 });
  });

  for (const [what, deleted] of [
    ['the state directory', 'base/cluster'],
    ['its parent directory', 'base'],
  ] as const) {
    it(`is reported as lost at the third renewal after ${what} was deleted (D-17)`, async () => {
      const stateDir = join(folder, 'base/cluster');
      const lock = await acquireLock(stateDir, 'login1', 1);
      await rm(join(folder, deleted), { recursive: true });

      await lock.touch();
      await lock.touch();
      const error = await rejection(lock.touch());
      expect(error).to.be.instanceOf(StateDirectoryLostError);
      expect(error.message).to.include(`${stateDir} was deleted`);
      await lock.release();
      expect(existsSync(stateDir)).to.equal(false);
    });
  }

  it('stays held if the state directory is renamed and renamed back (D-17)', async () => {
    const stateDir = join(folder, 'state');
    const lock = await acquireLock(stateDir, 'login1', 1);
    for (const _time of [1, 2]) {
      await rename(stateDir, `${stateDir}.moved`);
      await lock.touch();
      await lock.touch();
      await rename(`${stateDir}.moved`, stateDir);
      await lock.touch();
    }
    expect(await rejection(acquireLock(stateDir, 'login1', 2))).to.be.instanceOf(AlreadyRunningError);
  });

  it('stays held while the file system of the state directory is unavailable (D-17)', async () => {
    const home = join(folder, 'home');
    const otherDevice = await mkdtemp('/dev/shm/lock-');
    try {
      await symlink(otherDevice, home);
      const lock = await acquireLock(join(home, 'state'), 'login1', 1);
      await rm(home);
      for (const _time of [1, 2, 3, 4]) await lock.touch();
      await symlink(otherDevice, home);
      await lock.touch();
      expect(await rejection(acquireLock(join(home, 'state'), 'login1', 2))).to.be.instanceOf(AlreadyRunningError);
    } finally {
      await rm(otherDevice, { recursive: true });
    }
  });

  it('is acquired by exactly one of eight daemons that start at the same time', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => acquireLock(folder, 'login1', Date.now())));

    expect(tries.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
  });
});
