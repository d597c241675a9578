// The program whose standard output or log is on a full disk.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { builtProgram } from '../support/built-program.ts';
import { openCliWithStandIns, type CliWithStandIns } from './cli-with-stand-ins.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the program on a full disk', () => {
  let cli: CliWithStandIns;

  beforeEach(async () => {
    cli = await openCliWithStandIns();
    await cli.write('t', TEMPLATE);
  });
  afterEach(async () => {
    await cli[Symbol.asyncDispose]();
  });

  /** @param full the stream that is written to the full disk */
  async function run(
    full: 'stdout' | 'stderr',
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly other: string }> {
    const disk = await open('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      [builtProgram(), ...args, '--config-file', join(cli.folder, 'clearml.conf')],
      {
        cwd: cli.folder,
        env: { PATH: '/usr/bin:/bin', HOME: cli.folder },
        stdio: ['ignore', full === 'stdout' ? disk.fd : 'pipe', full === 'stderr' ? disk.fd : 'pipe'],
      },
    );
    let other = '';
    (child.stdout ?? child.stderr)?.on('data', (chunk: Buffer) => (other += chunk.toString()));
    await once(child, 'close');
    await disk.close();
    return { code: child.exitCode, other };
  }

  it('submits a task even if the log cannot be written (D-15)', async () => {
    const task = await cli.user.makeTask({ name: 'a test task' });
    await cli.user.enqueue(task, await cli.user.makeQueue('gpu'));

    const { code } = await run('stderr', '--once', '--queue', 'gpu', '--template-files', 't');

    expect(code).to.equal(0);
    expect((await cli.run('status')).stdout).to.match(/a test task +gpu +\d+ /);
  });

  it('exits with code 1 if standard output cannot be written', async () => {
    expect(await run('stdout', 'config')).to.deep.equal({
      code: 1,
      other: 'clearml-agent-slurm: standard output cannot be written: ENOSPC: no space left on device, write.\n',
    });
  });
});
