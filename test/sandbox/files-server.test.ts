// The files server of the sandbox: what the SDK uploads comes back, and no request reaches another file.
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as z from 'zod';
import { basicAuthorization, openSandbox, type OpenSandbox } from './open-sandbox.ts';

const SLASH = '%2F';
const Token = z.object({ token: z.string() });

interface Visitor {
  readonly upload: (files: Readonly<Record<string, string>>) => Promise<Response>;
  readonly ask: (method: string, path: string) => Promise<Response>;
}

/** Calls with a token, as the SDK does. */
async function visit(sandbox: OpenSandbox): Promise<Visitor> {
  const { token } = Token.parse(await sandbox.ok('auth.login'));
  const headers = { authorization: `Bearer ${token}` };
  return {
    upload(files) {
      const body = new FormData();
      for (const [path, text] of Object.entries(files)) body.set(path, new Blob([text]), path);
      return fetch(`${sandbox.url}/`, { method: 'POST', headers, body });
    },
    ask: (method, path) => fetch(`${sandbox.url}${path}`, { method, headers }),
  };
}

describe('the files server of the sandbox', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'files-server-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('returns an uploaded file until a client deletes the file', async () => {
    await using sandbox = await openSandbox();
    const { upload, ask } = await visit(sandbox);
    const path = 'a project/train.5e/artifacts/rows/rows é%2B.json.gz';
    const url = `/${encodeURI(path).replaceAll('%252B', '%25%32B')}`;
    const uploaded = await upload({ [path]: '[1,2]', 'other/file': 'x' });
    expect(await uploaded.json()).to.deep.equal([path, 'other/file']);
    expect(await (await ask('GET', url)).text()).to.equal('[1,2]');
    expect((await ask('HEAD', url)).headers.get('content-length')).to.equal('5');

    expect((await ask('DELETE', url)).status).to.equal(200);

    for (const method of ['GET', 'DELETE']) expect((await ask(method, url)).status).to.equal(404);
    expect((await ask('GET', '/other/file')).status).to.equal(200);
  });

  it('replaces a file that is uploaded again', async () => {
    await using sandbox = await openSandbox();
    const { upload, ask } = await visit(sandbox);
    for (const text of ['first, and longer', 'second']) await upload({ 'a/model': text });
    expect(await (await ask('GET', '/a/model')).text()).to.equal('second');
  });

  it('returns a large file unchanged even if lines look like form boundaries', async () => {
    await using sandbox = await openSandbox();
    const { upload, ask } = await visit(sandbox);
    const text = `\r\n--\r\n----------------------------\r\n${'\r\n-'.repeat(1_000_000)}`;
    await upload({ 'a/model': text });
    expect((await (await ask('GET', '/a/model')).text()) === text).to.equal(true);
  });

  it('stores no file if an upload ends too early', async () => {
    const stateFile = join(folder, 'state.json');
    await using sandbox = await openSandbox({ stateFile });
    const { token } = Token.parse(await sandbox.ok('auth.login'));
    const part = '--x\r\nContent-Disposition: form-data; name="a/model"; filename="m"\r\n\r\nthe begin';
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' };
    const reply = await fetch(`${sandbox.url}/`, { method: 'POST', headers, body: part });
    expect(reply.status).to.equal(400);
    expect(await readdir(join(`${stateFile}.files`, 'a'))).to.deep.equal([]);
  });

  it('keeps files over a restart in a directory that only the owner can read', async () => {
    const stateFile = join(folder, 'state.json');
    {
      await using sandbox = await openSandbox({ stateFile });
      await (await visit(sandbox)).upload({ 'a/model': 'weights' });
      expect((await stat(`${stateFile}.files`)).mode & 0o777).to.equal(0o700);
      expect((await stat(join(`${stateFile}.files`, 'a'))).mode & 0o777).to.equal(0o700);
      expect((await stat(join(`${stateFile}.files`, 'a/model'))).mode & 0o777).to.equal(0o600);
    }
    await using again = await openSandbox({ stateFile });
    expect(await (await (await visit(again)).ask('GET', '/a/model')).text()).to.equal('weights');
  });

  it('rejects an upload or download whose path leads out of the directory', async () => {
    const stateFile = join(folder, 'state.json');
    await mkdir(`${stateFile}.files`, { mode: 0o700 });
    await writeFile(join(folder, 'secret'), 'secret');
    await using sandbox = await openSandbox({ stateFile });
    const { upload, ask } = await visit(sandbox);
    for (const path of ['../secret', 'a/../../secret', 'a//b', 'a/./b', 'a/..', 'a/b/', '..', 'a/\0b']) {
      expect((await upload({ [path]: 'changed', 'also/this': 'x' })).status, path).to.equal(404);
    }
    for (const path of [
      '/a/%2e%2e/%2e%2e/secret',
      `/a/..${SLASH}..${SLASH}secret`,
      `/..${SLASH}secret/x`,
      '/a/%00',
      '/a/%zz',
      '/a/',
    ])
      expect((await ask('GET', path)).status, path).to.be.oneOf([400, 404]);
    expect(await readdir(`${stateFile}.files`)).to.deep.equal([]);
  });

  it('rejects requests without valid credentials', async () => {
    await using sandbox = await openSandbox();
    const { upload, ask } = await visit(sandbox);
    await upload({ 'a/model': 'weights' });
    const wrong = [{}, { authorization: 'Bearer x' }, { authorization: basicAuthorization('some', 'keys') }];
    const body = new FormData();
    body.set('a/model', new Blob(['changed']), 'a/model');
    for (const headers of wrong) {
      for (const method of ['GET', 'HEAD', 'DELETE'])
        expect((await fetch(`${sandbox.url}/a/model`, { method, headers })).status).to.equal(401);
      expect((await fetch(`${sandbox.url}/`, { method: 'POST', headers, body })).status).to.equal(401);
    }
    expect(await (await ask('GET', '/a/model')).text()).to.equal('weights');
  });

  it('rejects an upload that is too long, has no Content-Length or is not a form', async () => {
    await using sandbox = await openSandbox();
    const { token } = Token.parse(await sandbox.ok('auth.login'));
    const post = (more: Readonly<Record<string, string>>): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${token}`,
          'content-type': 'multipart/form-data; boundary=x',
          ...more,
        };
        const outgoing = request(`${sandbox.url}/`, { method: 'POST', headers }, (reply) => {
          resolve(reply.statusCode);
          reply.resume();
          outgoing.destroy();
        });
        outgoing.on('error', reject);
        outgoing.write('no form');
        if (more['content-length'] === '7') outgoing.end();
      });
    expect(await post({ 'content-length': String(2 ** 40) })).to.equal(413);
    expect(await post({ 'transfer-encoding': 'chunked' })).to.equal(413);
    expect(await post({ 'content-length': '7' })).to.equal(400);
  });
});
