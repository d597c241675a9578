// The connection to the server: certificates, proxies, and the settings that describe them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NotTheApiError, ServerUnreachableError, ServerUnusableError } from '../../../src/clearml/errors.ts';
import type { ConnectionSettings } from '../../../src/clearml/connection/connection-settings.ts';
import { rejection } from '../../support/rejection.ts';
import { makeCertificates, type Certificates } from '../certificates.ts';
import { makeClient, queueId, taskId } from '../client-under-test.ts';
import { startProxy, type Proxy } from '../http-proxy.ts';
import { data, makeToken, startScriptedServer, type ScriptedServer } from '../scripted-server.ts';

describe('the connection to the ClearML server', () => {
  let certificates: Certificates;
  let plain: ScriptedServer;
  let secure: ScriptedServer;
  const proxies: Proxy[] = [];

  before(async () => {
    certificates = await makeCertificates('127.0.0.1');
  });

  after(() => certificates.remove());

  beforeEach(async () => {
    plain = await startScriptedServer();
    secure = await startScriptedServer(certificates);
    for (const server of [plain, secure]) server.script('queues.remove_task', data({ removed: 1 }));
  });

  afterEach(async () => {
    await Promise.all([plain.close(), secure.close(), ...proxies.splice(0).map((proxy) => proxy.close())]);
  });

  async function proxy(): Promise<Proxy> {
    const started = await startProxy();
    proxies.push(started);
    return started;
  }

  /** One call of a new client. */
  async function call(apiServer: string, settings: Partial<ConnectionSettings>): Promise<boolean> {
    const client = makeClient(apiServer, { settings, timeouts: { retryMs: 0 } });
    try {
      return await client.queues.removeEntry(queueId('b'.repeat(32)), taskId('a'.repeat(32)));
    } finally {
      await client.close();
    }
  }

  describe('(TLS)', () => {
    it('rejects a certificate of an unknown CA before it sends a request', async () => {
      const error = await rejection(call(secure.url, {}));

      expect(error).to.be.instanceOf(NotTheApiError).and.have.property('mayHaveHappened', false);
      expect(error.message).to.include('api.verify_certificate');
      expect(secure.calls).to.have.length(0);
    });

    it('trusts the CA file that verify_certificate names', async () => {
      expect(await call(secure.url, { verifyCertificate: certificates.caFile })).to.equal(true);
    });

    it('trusts the CA file that an environment variable names', async () => {
      expect(await call(secure.url, { caFile: certificates.caFile })).to.equal(true);
    });

    it('skips the certificate check if verify_certificate is false', async () => {
      expect(await call(secure.url, { verifyCertificate: false })).to.equal(true);
    });

    it('rejects a certificate for another host name, even from a trusted CA', async () => {
      const error = await rejection(
        call(secure.url.replace('127.0.0.1', 'localhost'), { caFile: certificates.caFile }),
      );

      expect(error).to.be.instanceOf(NotTheApiError);
      expect(error.message).to.include('another host name');
    });

    it('reports an unreadable CA file immediately', () => {
      const path = join(tmpdir(), 'there', 'is', 'no', 'ca.pem');

      expect(() => makeClient(secure.url, { settings: { verifyCertificate: path } }))
        .to.throw(ServerUnusableError)
        .with.property('message')
        .that.includes(path)
        .and.includes('ENOENT');
    });

    it('prefers the CA file of verify_certificate to the CA file of an environment variable', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'clearml-ca-'));
      const other = join(folder, 'empty.pem');
      await writeFile(other, '');

      const error = await rejection(call(secure.url, { verifyCertificate: other, caFile: certificates.caFile }));
      await rm(folder, { recursive: true });

      expect(error).to.be.instanceOf(NotTheApiError);
    });
  });

  describe('(proxy)', () => {
    it('sends HTTP requests to the HTTP proxy without a tunnel', async () => {
      const way = await proxy();

      expect(await call(plain.url, { httpProxy: `http://127.0.0.1:${way.port}` })).to.equal(true);

      expect(way.asked).to.deep.equal([`POST ${plain.url}/auth.login`, `POST ${plain.url}/queues.remove_task`]);
    });

    it('tunnels HTTPS requests through the HTTPS proxy and still checks the certificate', async () => {
      const way = await proxy();
      const httpsProxy = `http://127.0.0.1:${way.port}`;

      expect(await call(secure.url, { httpsProxy, caFile: certificates.caFile })).to.equal(true);
      expect([...new Set(way.asked)]).to.deep.equal([`CONNECT 127.0.0.1:${secure.port}`]);
      expect(await rejection(call(secure.url, { httpsProxy }))).to.be.instanceOf(NotTheApiError);
    });

    it('accepts a proxy address without a scheme, with user name and password', async () => {
      const way = await proxy();

      await call(plain.url, { httpProxy: `someone:pass%20word@127.0.0.1:${way.port}` });

      const basic = Buffer.from('someone:pass word').toString('base64');
      expect(way.authorizations).to.deep.equal([`Basic ${basic}`, `Basic ${basic}`]);
    });

    for (const noProxy of ['127.0.0.1', 'example.org,127.0.0.1', '*', 'localhost, 127.0.0.0/8']) {
      it(`bypasses the proxy for no_proxy=${noProxy}`, async () => {
        const way = await proxy();

        expect(await call(plain.url, { httpProxy: `http://127.0.0.1:${way.port}`, noProxy })).to.equal(true);

        expect(way.asked).to.have.length(0);
      });
    }

    it('uses the proxy if no_proxy contains only other networks and invalid networks', async () => {
      const way = await proxy();
      const noProxy = '10.0.0.0/8,127.0.0.0/33,127.0.0.0/,127.0.0.1/x,::/0,/8,a/8';

      expect(await call(plain.url, { httpProxy: `http://127.0.0.1:${way.port}`, noProxy })).to.equal(true);

      expect(way.asked).to.have.length(2);
    });

    it('does not use the HTTP proxy for an HTTPS server', async () => {
      const way = await proxy();

      await call(secure.url, { httpProxy: `http://127.0.0.1:${way.port}`, caFile: certificates.caFile });

      expect(way.asked).to.have.length(0);
    });

    it('uses the proxy of the settings, not the proxy in the environment of the process', async () => {
      const way = await proxy();
      const before = process.env['http_proxy'];
      process.env['http_proxy'] = `http://127.0.0.1:${way.port}`;
      try {
        await call(plain.url, {});
      } finally {
        if (before === undefined) delete process.env['http_proxy'];
        else process.env['http_proxy'] = before;
      }

      expect(way.asked).to.have.length(0);
    });

    const refusals: readonly [status: number, scheme: 'http' | 'https', mayHaveHappened: boolean][] = [
      [407, 'http', false],
      [403, 'http', false],
      // What a proxy says when the server cut the connection, too.
      [502, 'http', true],
      [503, 'http', true],
      [407, 'https', false],
      [502, 'https', false],
    ];
    for (const [status, scheme, mayHaveHappened] of refusals) {
      it(`reports that an ${scheme.toUpperCase()} call ${mayHaveHappened ? 'may have reached' : 'did not reach'} the server if the proxy returns ${status}`, async () => {
        const way = await proxy();
        const address = `http://127.0.0.1:${way.port}`;
        const server = scheme === 'http' ? plain : secure;
        server.script('auth.login', (response, request) => {
          response.setHeader('connection', 'close');
          data({ token: makeToken() })(response, request);
        });
        const settings = { httpProxy: address, httpsProxy: address, caFile: certificates.caFile };
        const client = makeClient(server.url, { settings, timeouts: { retryMs: 0 } });
        await client.connect();
        way.refuseWith(status);

        const error = await rejection(client.queues.removeEntry(queueId('b'.repeat(32)), taskId('a'.repeat(32))));
        await client.close();

        expect(error).to.be.instanceOf(ServerUnreachableError).and.have.property('mayHaveHappened', mayHaveHappened);
      });
    }

    it('rejects a SOCKS proxy, unless no_proxy excludes the server', () => {
      const settings = { httpProxy: 'socks5h://someone:hidden-word@127.0.0.1:1080' };

      expect(() => makeClient(plain.url, { settings }))
        .to.throw(ServerUnusableError, 'not supported: write http://host:port')
        .with.property('message')
        .that.does.not.include('hidden-word');
      expect(() => makeClient(plain.url, { settings: { ...settings, noProxy: '127.0.0.1' } })).not.to.throw();
    });

    it('rejects an invalid proxy address without showing the address', () => {
      const httpProxy = 'http://someone:hidden-word@[broken';

      expect(() => makeClient(plain.url, { settings: { httpProxy } }))
        .to.throw(ServerUnusableError)
        .with.property('message')
        .that.does.not.include('hidden-word');
    });
  });
});
