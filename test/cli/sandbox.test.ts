// `sandbox`: writes its configuration to a file that only the owner can read, and reports why it cannot start.
import { expect } from 'chai';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { chmod, lstat, readFile, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describeReach, runSandbox } from '../../src/sandbox/run-sandbox.ts';
import { freePorts } from '../support/loopback-port.ts';
import { openCli } from './open-cli.ts';

describe('sandbox --write-config', () => {
  it('creates a file with mode 600, and prints no key', async () => {
    await using cli = await openCli();
    const { code, stdout, stderr } = await cli.stopping().run('sandbox', '--port', '0', '--write-config', 'my.conf');

    expect(code, stderr).to.equal(0);
    const file = join(cli.folder, 'my.conf');
    const text = await readFile(file, 'utf8');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(stderr).to.contain(`${file} contains the address and the keys of the sandbox. Only you can read this file.`);
    const [, secret = '?'] = /secret_key: "(.*)"/.exec(text) ?? [];
    expect(stdout + stderr).not.to.contain(secret);
  });

  it('does not overwrite an existing file or link', async () => {
    await using cli = await openCli();
    const file = await cli.write('clearml.conf', 'api {}\n');
    await chmod(file, 0o644);
    await symlink('clearml.conf', join(cli.folder, 'link.conf'));

    for (const name of ['clearml.conf', 'link.conf']) {
      const { code, stdout, stderr } = await cli.stopping().run('sandbox', '--port=0', '--write-config', name);
      expect(code).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr).to.contain('exists already and was not changed').and.to.contain('--overwrite');
    }
    expect(await readFile(file, 'utf8')).to.equal('api {}\n');
  });

  it('replaces an existing link with a new file if --overwrite is given', async () => {
    await using cli = await openCli();
    const file = await cli.write('kept.conf', 'api {}\n');
    const link = join(cli.folder, 'clearml.conf');
    await symlink('kept.conf', link);

    const { code } = await cli.stopping().run('sandbox', '--port=0', '--write-config', 'clearml.conf', '--overwrite');

    expect(code).to.equal(0);
    expect((await lstat(link)).isFile()).to.equal(true);
    expect((await stat(link)).mode & 0o777).to.equal(0o600);
    expect(await readFile(file, 'utf8')).to.equal('api {}\n');
    expect(await readdir(cli.folder)).to.have.members(['clearml.conf', 'kept.conf']);
  });

  it('accepts the file of a previous run with the same options', async () => {
    await using cli = await openCli();
    const [port = 0] = await freePorts(1);
    const args = ['sandbox', '--port', String(port), '--state', 's.json', '--write-config', 'c.conf'];
    for (const expected of [0, 0]) expect((await cli.stopping().run(...args)).code).to.equal(expected);
  });
});

describe('a sandbox on an occupied port', () => {
  it('prints the port in an error and writes no file', async () => {
    await using cli = await openCli();
    await using taken = await takenPort();
    const args = ['sandbox', '--port', String(taken.port), '--write-config', 'c.conf'];
    const { code, stdout, stderr } = await cli.stopping().run(...args);

    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^clearml-agent-slurm: port \d+ of 127.0.0.1 is in use by another program: choose another/);
    expect(await readdir(cli.folder)).to.deep.equal([]);
  });
});

describe('the sandbox command', () => {
  for (const [args, code, answer] of [
    [['--host', 'no-such-host.invalid'], 2, 'cannot listen on no-such-host.invalid (E'],
    [['--host', '192.0.2.1'], 2, '192.0.2.1 is not an address of this machine: "hostname -I" prints its addresses'],
    [['--port', '99999'], 2, '--port must be at most 65535, not 99999.'],
    [['--state', 'no/such/folder.json'], 73, 'folder.json cannot be written (ENOENT): use another path'],
    [['--state', '.'], 73, 'cannot be read (EISDIR): use another path'],
    [['--state', 'words.txt'], 73, 'words.txt is not a sandbox state file (it is not JSON)'],
    [['--write-config', 'no/such/folder.conf'], 2, 'folder.conf cannot be written (ENOENT): name another file.'],
    [['--overwrite'], 2, '--overwrite needs --write-config FILE.'],
    [['--latency', 'fast'], 2, '--latency must be one of real, not "fast".'],
  ] as const) {
    it(`rejects "${args.join(' ')}" with a message and exit code ${code}`, async () => {
      await using cli = await openCli();
      await cli.write('words.txt', 'These are words.\n');

      const port = args.some((word) => word === '--port') ? [] : ['--port', '0'];
      const { code: ended, stdout, stderr } = await cli.stopping().run('sandbox', ...port, ...args);

      expect(ended, stderr).to.equal(code);
      expect(stdout).to.equal('');
      expect(stderr).to.include(answer);
      expect(stderr).not.to.match(/\bbug\b/);
    });
  }
});

describe('the final summary of a sandbox', () => {
  it('lists the calls and the estimated time of the calls on a real server', async () => {
    const stop = new AbortController();
    let printed = '';
    const options = { port: 0, defaultPort: 0, host: undefined, stateFile: undefined, configFile: undefined };
    await runSandbox(
      { ...options, latency: 'real', overwrite: false },
      {
        workingDir: '/nowhere',
        stop: stop.signal,
        stdout: () => undefined,
        stderr: (text) => {
          printed += text;
          const [, url] = /listens on (\S+)\./.exec(text) ?? [];
          if (url !== undefined) void fetch(`${url}/debug.ping`).finally(() => stop.abort());
        },
      },
    );

    expect(printed).to.match(/\nCALL +CALLS .*\ndebug\.ping +1 .*\ntotal +1 .*\nSERVER TIME is an estimate/);
  });

  it('is omitted if the sandbox received no call', async () => {
    await using cli = await openCli();
    const { stderr } = await cli.stopping().run('sandbox', '--port', '0');
    expect(stderr).not.to.contain('SERVER TIME');
  });
});

describe('the warning of a sandbox', () => {
  it('appears for the host n1, but not for localhost or 127.0.0.1', () => {
    expect(describeReach({ url: 'http://127.0.0.1:8008', ip: '127.0.0.1' }, undefined)).to.equal(undefined);
    expect(describeReach({ url: 'http://localhost:8008', ip: '::1' }, 'localhost')).to.equal(undefined);
    expect(describeReach({ url: 'http://n1:8008', ip: '10.0.0.7' }, 'n1')).to.match(/^Warning: .*plain HTTP/);
    expect(describeReach({ url: 'http://n1:8008', ip: '127.0.1.1' }, 'n1')).to.match(/^Warning: n1 is 127\.0\.1\.1 on/);
  });
});

async function takenPort(): Promise<{ readonly port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
