// The clearml.conf and the shell commands that the sandbox prints for its user: both work.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { formatFirstTaskLines, formatClientConf } from '../../src/sandbox/client-conf.ts';
import { requirePython } from '../support/skip-unless.ts';
import { openSandbox } from './open-sandbox.ts';

const run = promisify(execFile);

describe('the clearml.conf that the sandbox writes', () => {
  it('contains the address, the access key and the secret key of the sandbox', () => {
    const conf = formatClientConf({ url: 'http://127.0.0.1:8008', accessKey: 'KEY', secretKey: 'SECRET' });
    expect(conf).to.contain('api_server: "http://127.0.0.1:8008"');
    expect(conf).to.contain('files_server: "http://127.0.0.1:8008"');
    expect(conf).to.contain('access_key: "KEY"');
    expect(conf).to.contain('secret_key: "SECRET"');
  });

  it('escapes a quote and a backslash in a key', () => {
    const conf = formatClientConf({ url: 'http://x', accessKey: 'a"b', secretKey: 'c\\d' });
    expect(conf).to.contain('access_key: "a\\"b"').and.to.contain('secret_key: "c\\\\d"');
  });
});

describe('the shell script for a first task', () => {
  before(requirePython);

  it('passes no key as a command-line argument', async () => {
    await using sandbox = await openSandbox();
    const lines = formatFirstTaskLines(sandbox, '/home/u/clearml.conf', 'default').join('\n');
    expect(lines).not.to.contain(sandbox.secretKey).and.not.to.contain(sandbox.accessKey);
    expect(lines)
      .to.match(/^python3 /)
      .and.not.to.contain('curl');
  });

  for (const [how, indent] of [
    ['without indentation', ''],
    ['with indentation', '  '],
  ] as const)
    it(`enqueues the task if a shell runs the script ${how}`, async () => {
      await using sandbox = await openSandbox();
      await using folder = await temporaryFolder();
      const conf = join(folder.path, "it's mine.conf");
      await writeFile(conf, formatClientConf(sandbox));
      const lines = formatFirstTaskLines(sandbox, conf, 'my "first" queue').map((line) => `${indent}${line}`);
      const { stdout } = await run('sh', ['-euc', lines.join('\n')]);
      const { tasks } = await sandbox.ok('tasks.get_all', { only_fields: ['id', 'name', 'status', 'script.diff'] });
      expect(tasks).to.deep.equal([
        {
          id: /[0-9a-f]{32}/.exec(stdout)?.[0],
          name: 'first task',
          status: 'queued',
          script: { diff: 'import socket\nprint("hello from", socket.gethostname())\n' },
        },
      ]);
      const { queues } = await sandbox.ok('queues.get_all', { name: '^my "first" queue$' });
      expect(queues).to.have.nested.property('[0].entries').with.lengthOf(1);
    });
});

async function temporaryFolder(): Promise<{ readonly path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'client-conf-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
