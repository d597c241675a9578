// The sandbox's state file: complete after any end of the process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as z from 'zod';
import { InvalidSnapshotError } from '../../src/sandbox/start-errors.ts';
import { rejection } from '../support/rejection.ts';
import { callsOn, openSandbox, type Calls } from './open-sandbox.ts';

const Access = z.object({ url: z.string(), accessKey: z.string(), secretKey: z.string() });

interface DoomedSandbox extends Calls {
  readonly accessKey: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function spawnSandbox(stateFile: string): Promise<DoomedSandbox> {
  const script = fileURLToPath(new URL('sandbox-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, stateFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  const firstLine = once(createInterface(child.stdout), 'line');
  const [line] = z.tuple([z.string()]).parse(await Promise.race([firstLine, gone.then(() => [])]));
  const access = Access.parse(JSON.parse(line));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return { accessKey: access.accessKey, ...callsOn(access), kill, [Symbol.asyncDispose]: kill };
}

describe('the state file of the sandbox server', () => {
  let folder = '';
  let stateFile = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    stateFile = join(folder, 'state.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const [what, spoil] of [
    ['the file', () => chmod(stateFile, 0o666)],
    ['the directory of the file', () => chmod(folder, 0o777)],
  ] as const) {
    it(`prevents the start of the sandbox if other users can change ${what}`, async () => {
      await (await openSandbox({ stateFile })).close();
      const before = await readFile(stateFile, 'utf8');
      // In a directory that only the user can enter, others cannot.
      await chmod(folder, 0o755);
      await spoil();

      const error = await rejection(openSandbox({ stateFile }));
      expect(error).to.be.instanceOf(InvalidSnapshotError);
      expect(error.message).to.include(`the state file ${stateFile} is refused because other users can change it: `);
      expect(await readFile(stateFile, 'utf8')).to.equal(before);
    });
  }

  it('is not written through an existing symbolic link', async () => {
    const precious = join(folder, 'precious');
    await writeFile(precious, 'mine');
    await symlink(precious, `${stateFile}.new`);
    await (await openSandbox({ stateFile })).close();

    expect(await readFile(precious, 'utf8')).to.equal('mine');
    expect((await stat(stateFile)).mode & 0o777).to.equal(0o600);
  });

  it('keeps keys, tokens, tasks, queues, workers, events and the clock over a restart', async () => {
    const before = await openSandbox({ stateFile });
    const queue = await before.makeQueue('cpu');
    const task = await before.makeQueued(queue);
    await before.ok('workers.register', { worker: 'w:1', queues: [queue] });
    await before.ok('events.add', { type: 'log', task, msg: 'a line' });
    await before.ok('sandbox.advance_clock', { seconds: 300 });
    const { token } = await before.ok('auth.login');
    const seen = await before.task(task);
    await before.close();

    await using after = await openSandbox({ stateFile });
    expect(after).to.include({ accessKey: before.accessKey, secretKey: before.secretKey });
    expect(await after.task(task)).to.deep.equal(seen);
    expect(await after.entriesOf(queue)).to.deep.equal([task]);
    expect(await after.ok('workers.get_all')).to.have.nested.property('workers[0].id', 'w:1');
    expect(await after.ok('events.get_task_log', { task })).to.include({ total: 1 });
    const askedAt = Date.now();
    const { now } = await after.ok('sandbox.advance_clock', { seconds: 1 });
    expect(Date.parse(String(now)) - askedAt).to.be.greaterThan(299_000);
    const headers = { authorization: `Bearer ${String(token)}` };
    expect((await fetch(`${after.url}/tasks.get_all`, { method: 'POST', headers })).status).to.equal(200);
  });

  it('contains the secret key and is readable only by the owner', async () => {
    await using sandbox = await openSandbox({ stateFile });
    expect(await readFile(stateFile, 'utf8')).to.contain(sandbox.secretKey);
    expect((await stat(stateFile)).mode & 0o777).to.equal(0o600);
  });

  it('is rejected and left unchanged if the format is wrong', async () => {
    await writeFile(stateFile, '{"my":"thesis"}');
    const error = await rejection(openSandbox({ stateFile }));
    expect(error).to.be.instanceOf(InvalidSnapshotError);
    expect(error.message).to.contain(stateFile);
    expect(await readFile(stateFile, 'utf8')).to.equal('{"my":"thesis"}');
  });

  it('contains every confirmed change after the sandbox is killed', async function () {
    const answered: string[] = [];
    let accessKey: string | undefined;
    // Kills at 10, 40, 90 and 160 answers: early, and in the middle of a larger file.
    for (const count of [10, 30, 50, 70]) {
      await using sandbox = await spawnSandbox(stateFile);
      accessKey ??= sandbox.accessKey;
      expect(sandbox.accessKey).to.equal(accessKey);
      await expectAllThere(sandbox, answered);
      await killAfter(sandbox, count, answered);
    }
    await using survivor = await spawnSandbox(stateFile);
    await expectAllThere(survivor, answered);
  });
});

/** Creates tasks with concurrent calls, and kills the server meanwhile. */
async function killAfter(sandbox: DoomedSandbox, count: number, answered: string[]): Promise<void> {
  const enough = answered.length + count;
  const makeOn = async (): Promise<void> => {
    while (answered.length < enough) answered.push(await sandbox.makeTask());
  };
  const makers = Array.from({ length: 5 }, () => makeOn());
  await Promise.race(makers);
  await sandbox.kill();
  await Promise.allSettled(makers);
}

async function expectAllThere(sandbox: Calls, answered: readonly string[]): Promise<void> {
  const { tasks } = await sandbox.ok('tasks.get_all', { only_fields: ['id'] });
  const there = z.array(z.object({ id: z.string() })).parse(tasks);
  expect(there.map(({ id }) => id)).to.include.members([...answered]);
}
