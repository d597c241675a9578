// Connecting to a server, and the errors for unusable servers.
import { expect } from 'chai';
import { CredentialsRejectedError, ServerUnreachableError, ServerUnusableError } from '../../../src/clearml/errors.ts';
import type { ServerFacts } from '../../../src/clearml/client.ts';
import { rejection } from '../../support/rejection.ts';
import { makeClient, taskId } from '../client-under-test.ts';
import { data, makeToken, page, refuse, startScriptedServer, type ScriptedServer } from '../scripted-server.ts';

describe('the first login of the ClearML client', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = await startScriptedServer();
  });

  afterEach(() => server.close());

  async function connect(apiServer = server.url, { retryMs = 50 } = {}): Promise<ServerFacts> {
    const client = makeClient(apiServer, { timeouts: { retryMs } });
    try {
      return await client.connect();
    } finally {
      await client.close();
    }
  }

  it("returns the server's version and the name of the user", async () => {
    server.script('auth.login', data({ token: makeToken({ api_version: '2.31', server_version: '2.0.0' }) }));

    const startedAt = performance.now();
    const { serverAheadMs, ...facts } = await connect();
    const tookMs = performance.now() - startedAt;

    expect(facts).to.deep.equal({
      apiServer: server.url,
      apiVersion: '2.31',
      serverVersion: '2.0.0',
      user: 'u1',
    });
    // The token has whole seconds, and is as old as the call took.
    expect(serverAheadMs).to.be.within(-1000 - tookMs, 1000);
  });

  it('accepts an address with a path or a trailing slash', async () => {
    server.script('api/auth.login', data({ token: makeToken() }));

    expect((await connect(`${server.url}/api/`)).apiServer).to.equal(`${server.url}/api`);
  });

  for (const apiVersion of ['2.31', '2.32', '2.100', '3.0']) {
    it(`accepts API version ${apiVersion}`, async () => {
      server.script('auth.login', data({ token: makeToken({ api_version: apiVersion }) }));

      expect((await connect()).apiVersion).to.equal(apiVersion);
    });
  }

  for (const apiVersion of ['2.30', '2.9', '1.99', undefined]) {
    it(`rejects ${apiVersion === undefined ? 'an API without a version' : `API version ${apiVersion}`} and names the required version (C-21)`, async () => {
      server.script('auth.login', data({ token: makeToken({ api_version: apiVersion, server_version: '1.16.2' }) }));

      const error = await rejection(connect());

      expect(error).to.be.instanceOf(ServerUnusableError);
      expect(error.message).to.include(server.url).and.include('1.16.2').and.include('1.17').and.include('upgrade');
    });
  }

  it('reports at once that the configured address is the address of the web page', async () => {
    for (const status of [200, 404, 405]) {
      server.script('auth.login', page(status, '<!DOCTYPE html><html><head><title>ClearML</title></head></html>'));

      const error = await rejection(connect());

      expect(error).to.be.instanceOf(ServerUnusableError);
      expect(error.message).to.include(server.url).and.include('web page').and.include('api.api_server');
    }
    expect(server.calls).to.have.length(3);
  });

  it('reports the target of a redirect', async () => {
    server.script('auth.login', page(301, '', { location: 'https://api.example.org/auth.login' }));

    const error = await rejection(connect());

    expect(error).to.be.instanceOf(ServerUnusableError);
    expect(error.message).to.match(/redirects to https:\/\/api\.example\.org: set api\.api_server to that URL/);
  });

  it('reports a server in maintenance as unreachable, not as unusable', async () => {
    server.script('auth.login', page(503, '<html>maintenance</html>'));

    expect(await rejection(connect())).to.be.instanceOf(ServerUnreachableError);
  });

  it('waits for a server that is still starting', async () => {
    server.script('auth.login', page(502, '<html>Bad Gateway</html>'), data({ token: makeToken() }));

    expect((await connect(server.url, { retryMs: 60_000 })).user).to.equal('u1');
  });

  it('reports rejected credentials', async () => {
    server.script('auth.login', refuse(401, 22, 'unauthorized (invalid credentials)'));

    expect(await rejection(connect())).to.be.instanceOf(CredentialsRejectedError);
  });

  it("treats a proxy's HTML page as a temporary error", async () => {
    server.script('tasks.get_by_id', page(200, '<html>please log in to the network</html>'));
    const client = makeClient(server.url, { timeouts: { retryMs: 20 } });
    await client.connect();

    const error = await rejection(client.tasks.get(taskId('a'.repeat(32))));
    await client.close();

    expect(error).to.be.instanceOf(ServerUnreachableError);
  });

  it('rejects a response without a valid token', async () => {
    server.script('auth.login', data({ token: 'no-token' }));

    expect(await rejection(connect())).to.be.instanceOf(ServerUnusableError);
  });

  it('masks the password of an invalid address in the error', () => {
    expect(() => makeClient('htp://someone:hidden-word@host:8008'))
      .to.throw(ServerUnusableError)
      .with.property('message')
      .that.includes('host:8008')
      .and.not.includes('hidden-word');
  });

  for (const address of ['', 'host:8008', 'ftp://host', 'not an address']) {
    it(`rejects the address ${JSON.stringify(address)} and shows a valid example`, () => {
      expect(() => makeClient(address))
        .to.throw(ServerUnusableError)
        .with.property('message')
        .that.includes('http://host:8008');
    });
  }
});
