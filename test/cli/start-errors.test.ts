// Frequent errors before the first task: a message and a specific exit code each.
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from '../clearml/certificates.ts';
import { startScriptedServer } from '../clearml/scripted-server.ts';
import { rejection } from '../support/rejection.ts';
import { openCliWithSandbox } from './cli-with-sandbox.ts';
import { Interrupted } from '../../src/cli/interrupted.ts';
import { openCli, type CliResult, type Cli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

async function start(cli: Cli, ...args: readonly string[]): Promise<CliResult> {
  await cli.write('t', TEMPLATE);
  return cli.run('--template-files', 't', '--queue', 'gpu_a100', '--once', ...args);
}

async function startWithServer(apiServer: string): Promise<CliResult> {
  await using cli = await openCli();
  await cli.write('clearml.conf', `api { api_server: "${apiServer}", credentials { access_key: a, secret_key: b } }\n`);
  return await start(cli);
}

describe('the daemon at its start', () => {
  it('reports the required version of Node.js if the version is 12.22 (F-01)', async () => {
    await using cli = await openCli();
    const old = await cli.write(
      'old.cjs',
      'Object.defineProperty(process, "version", { value: "v12.22.12" });\n' +
        'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "12.22.12" } });\n',
    );
    const program = promisify(execFile)(process.execPath, ['--require', old, resolve('bin/clearml-agent-slurm.js')]);

    expect(await rejection(program)).to.include({
      code: 69,
      stdout: '',
      stderr: `clearml-agent-slurm needs Node 20.19 or newer; this is v12.22.12 (${process.execPath}). Install a newer one (docs/installing.md says how, without root), or run it from another machine.\n`,
    });
  });

  it('lists missing configuration files, and explains how to create credentials (F-02)', async () => {
    await using cli = await openCli();

    const { code, stderr } = await start(cli);

    expect(code).to.equal(78);
    expect(stderr).to.include(`${cli.folder}/clearml.conf (missing)`).and.to.include('Create new credentials');
  });

  it('reports that the server rejects the credentials (F-03)', async () => {
    await using cli = await openCliWithSandbox('api.credentials.secret_key: wrong');

    const { code, stderr } = await start(cli);

    expect(code).to.equal(77);
    expect(stderr).to.match(/^clearml-agent-slurm: http:\/\/127\.0\.0\.1:\d+ rejects the credentials/);
  });

  it('reports that api_server is the address of the web page, not of the API (F-03)', async () => {
    const page = createServer((_, reply) => reply.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'));
    page.listen(0, '127.0.0.1');
    await once(page, 'listening');

    const { code, stderr } = await startWithServer(`http://127.0.0.1:${(page.address() as AddressInfo).port}`);
    page.close();

    expect(code).to.equal(78);
    expect(stderr).to.include('responds with a web page (200)').and.to.include('usually port 8008 instead of 8080');
  });

  it("names api.verify_certificate if the server's certificate is not trusted (F-04)", async () => {
    const certificates = await makeCertificates('127.0.0.1');
    const server = await startScriptedServer(certificates);

    const { code, stderr } = await startWithServer(server.url);
    await server.close();
    await certificates.remove();

    expect(code).to.equal(78);
    expect(stderr).to.include("the server's certificate is not trusted; set api.verify_certificate");
  });

  it('reports a missing queue and suggests the nearest name (F-05)', async () => {
    await using cli = await openCliWithSandbox();
    await cli.user.makeQueue('gpu-a100');

    const { code, stderr } = await start(cli);

    expect(code).to.equal(2);
    expect(stderr)
      .to.include('Queue "gpu_a100" not found on http://127.0.0.1')
      .and.to.include('Did you mean "gpu-a100"? Use --create-queue to create it.');
  });

  it('ends at once on Ctrl-C while the server does not respond', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const apiServer = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await using cli = await openCli();
    await cli.write(
      'clearml.conf',
      `api { api_server: "${apiServer}", credentials { access_key: a, secret_key: b } }\n`,
    );
    await cli.write('t', TEMPLATE);
    const code = async (...args: string[]): Promise<number> => {
      const stop = new AbortController();
      silent.once('request', () => stop.abort(new Interrupted('SIGINT')));
      return (await cli.stopping(stop.signal).run(...args)).code;
    };

    const serving = ['--queue', 'gpu', '--template-files', 't'];
    expect(await code(...serving)).to.equal(0);
    expect(await code(...serving, '--once')).to.equal(75);
    expect(await code('execute', '--id', 'train', '--template', 't')).to.equal(130);
    expect(await code('status')).to.equal(130);
    expect(await code('cancel', 'train')).to.equal(130);
    silent.closeAllConnections();
    silent.close();
  }).timeout(10_000);

  it('reports a template that is a directory or a symbolic link to itself', async () => {
    await using cli = await openCliWithSandbox();
    const [folder, link] = [join(cli.folder, 'folder'), join(cli.folder, 'link')];
    await mkdir(folder);
    await symlink(link, link);

    const run = async (...args: string[]): Promise<string> => (await cli.run(...args)).stderr;

    const starting = ['--queue', 'gpu', '--once', '--template-files'];
    expect(await run(...starting, folder)).to.include(`The template ${folder} is a directory.`);
    expect(await run('lint', folder)).to.include(`The template ${folder} is a directory.`);
    expect(await run(...starting, link)).to.equal(
      `clearml-agent-slurm: ELOOP: too many symbolic links encountered, stat '${link}'.\n`,
    );
    expect(await run('lint', link)).to.include(`The template ${link} has too many symbolic links`);
  });

  it("names slurm_bin_dir if Slurm's commands are not in PATH (F-06)", async () => {
    await using cli = await openCliWithSandbox('', { PATH: '/nowhere' });

    const { code, stderr } = await start(cli, '--create-queue');

    expect(code).to.equal(69);
    expect(stderr).to.include('not found on this machine (PATH /nowhere). Set slurm_bin_dir to the directory');
  });
});
