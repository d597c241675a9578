// The HTTP server: who gets a response, and that no client can occupy it.
import { expect } from 'chai';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createAccess } from '../../src/web/authorize-request.ts';
import { closeServer, createWebServer, LIMITS, type EventStream, type Routes } from '../../src/web/http-server.ts';
import { fuzzCases, fuzzSeed } from '../support/fuzz-cases.ts';
import { createRandom } from '../support/random.ts';

const TOKEN = 'a-token-of-this-test-with-enough-letters';
const ACCESS = createAccess(TOKEN, ['login1.example.org']);

interface Response {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Wanted {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

describe('the HTTP server', () => {
  const streams: EventStream[] = [];
  const routes: Routes = {
    reply: ({ path }) => {
      if (path === '/bug') throw new Error('a mistake of ours');
      return Promise.resolve(path === '/page' ? { status: 200, type: 'text/plain', body: 'the page' } : undefined);
    },
    stream(wanted, open) {
      if (wanted.path !== '/events') return false;
      streams.push(open());
      return true;
    },
  };
  let server: Server;
  let port = 0;

  async function start(limits = LIMITS): Promise<void> {
    server = createWebServer(routes, ACCESS, limits);
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  beforeEach(() => start());
  afterEach(() => closeServer(server));

  function get({
    path = '/page',
    method = 'GET',
    headers = { authorization: `Bearer ${TOKEN}` },
  }: Wanted = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (incoming) => {
        let body = '';
        incoming.on('data', (piece: Buffer) => (body += piece.toString()));
        incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, body }));
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  async function open(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  /** Also resolves if the server resets the connection. Call it before anything else is awaited. */
  function untilClosed(socket: Socket): Promise<void> {
    socket.on('error', () => undefined).resume();
    return new Promise((resolve) => void socket.on('close', () => resolve()));
  }

  it('sends a page to a client with the token', async () => {
    expect(await get()).to.include({ status: 200, body: 'the page' });
    expect(await get({ method: 'HEAD' })).to.include({ status: 200, body: '' });
  });

  it('responds with 401 on every path to a client without the token', async () => {
    for (const path of ['/page', '/nothing', '/events', '/?token=wrong', `/page?token=${TOKEN}x`]) {
      for (const authorization of ['', 'Bearer wrong', `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`]) {
        const { status, body, headers } = await get({ path, headers: { authorization } });
        expect(status, path).to.equal(401);
        expect(body).to.match(/^The token is missing or wrong/);
        expect(headers['www-authenticate']).to.match(/^Bearer /);
      }
    }
    expect(streams).to.deep.equal([]);
  });

  it('exchanges the token in the URL for a cookie that does not contain the token', async () => {
    const { status, headers, body } = await get({ path: `/?token=${TOKEN}`, headers: {} });
    const [cookie = ''] = headers['set-cookie'] ?? [];

    expect(status).to.equal(200);
    expect(cookie).to.match(/^clearml_slurm_[0-9a-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    expect(cookie + body).to.not.include(TOKEN);
    const [value = ''] = cookie.split(';');
    expect(await get({ headers: { cookie: `other=1; ${value}` } })).to.include({ status: 200, body: 'the page' });
    expect(await get({ headers: { cookie: `${value}x` } })).to.include({ status: 401 });
  });

  it('responds with 421 to a request with the Host header of another site', async () => {
    const authorization = `Bearer ${TOKEN}`;
    for (const host of [
      'localhost',
      'localhost:8910',
      '127.0.0.1:1',
      '[::1]:8910',
      'LOGIN1.example.org:80',
      '10.0.0.7',
    ])
      expect(await get({ headers: { authorization, host } }), host).to.include({ status: 200 });
    for (const host of ['evil.example', 'login1.example.org.evil.example', 'localhost@evil', 'a b', '[localhost]'])
      expect(await get({ headers: { authorization, host } }), host).to.include({ status: 421 });
  });

  it('needs no token on a Unix socket, but responds with 421 to the Host header of another site', async () => {
    const withoutRules = createWebServer(routes, undefined);
    withoutRules.listen({ host: '127.0.0.1', port: 0 });
    await once(withoutRules, 'listening');
    try {
      ({ port } = withoutRules.address() as AddressInfo);
      expect(await get({ headers: { host: 'localhost:8910' } })).to.include({ status: 200 });
      expect(await get({ headers: { host: 'evil.example' } })).to.include({ status: 421 });
    } finally {
      await closeServer(withoutRules);
    }
  });

  it('responds with 405 to POST, PUT, DELETE, OPTIONS, PATCH and TRACE', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])
      expect(await get({ method }), method).to.include({ status: 405 });
  });

  it('permits no script, style or frame from another site', async () => {
    const { headers } = await get();

    expect(headers['content-security-policy']).to.match(/^default-src 'none'; /);
    expect(headers['content-security-policy']).to.not.match(/unsafe|\*|data:/);
    expect(headers).to.include({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  it('responds with 404 to an unknown path, and with 500 if a handler throws', async () => {
    expect(await get({ path: '/nothing' })).to.include({ status: 404 });
    expect(await get({ path: '/bug' })).to.include({ status: 500 });
    expect(await get()).to.include({ status: 200 });
  });

  it('responds with 431 to headers of 20 kB', async () => {
    const { status } = await get({ headers: { 'x-long': 'a'.repeat(20_000) } });

    expect(status).to.equal(431);
  });

  it('disconnects clients that send nothing or send their headers too slowly', async () => {
    await closeServer(server);
    await start({ ...LIMITS, headersTimeout: 100, requestTimeout: 150, connectionsCheckingInterval: 20 });
    // The server may disconnect the first client before the second one has connected.
    const silentClosed = untilClosed(await open());
    const slow = await open();
    const slowClosed = untilClosed(slow);
    slow.write('GET /page HTTP/1.1\r\nHost: localhost\r\nX-A: ');

    await Promise.all([silentClosed, slowClosed]);
    // A slow machine may take longer between the connection and its headers.
    Object.assign(server, { headersTimeout: 60_000, requestTimeout: 60_000 });
    expect(await get()).to.include({ status: 200 });
  });

  it('sends events until the client disconnects', async () => {
    const sent = request({ host: '127.0.0.1', port, path: '/events', headers: { authorization: `Bearer ${TOKEN}` } });
    sent.end();
    const [incoming] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    const [stream] = streams.splice(0);
    stream?.send('rows', '<tr>\n</tr>');
    let text = '';
    for await (const piece of incoming) {
      text += String(piece);
      if (text.includes('\n\nevent')) break;
      if (text.endsWith('</tr>\n\n')) break;
    }

    expect(text).to.include('event: rows\ndata: <tr>\ndata: </tr>\n\n');
    const closed = new Promise<void>((resolve) => stream?.onClose(resolve));
    sent.destroy();
    await closed;
  });

  it('disables the buffering of events in nginx (X-Accel-Buffering: no)', async () => {
    const sent = request({ host: '127.0.0.1', port, path: '/events', headers: { authorization: `Bearer ${TOKEN}` } });
    sent.end();
    const [{ headers }] = (await once(sent, 'response')) as [{ readonly headers: IncomingHttpHeaders }];
    streams.splice(0);
    sent.destroy();

    expect(headers).to.include({ 'x-accel-buffering': 'no' });
  });

  it('still responds after many malformed requests', async () => {
    const random = createRandom(fuzzSeed(11));
    const pieces = [
      'GET ',
      'POST ',
      '/page',
      'http://evil/',
      '//',
      '/%00%zz',
      '*',
      ' HTTP/1.1\r\n',
      ' HTTP/9\r\n',
      'Host: localhost\r\n',
      'Host: a\r\nHost: b\r\n',
      'Content-Length: 5\r\n',
      'Content-Length: -1\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Upgrade: websocket\r\nConnection: upgrade\r\n',
      'Expect: 100-continue\r\n',
      `Authorization: Bearer ${TOKEN}\r\n`,
      'Cookie: ;;;=\r\n',
      '\r\n',
      '\r\n\r\n',
      'ffffffff\r\n',
      '\0\x1b\xff',
      ': \r\n',
      'x'.repeat(5_000),
    ];
    const cases = fuzzCases(1_000);
    for (let number = 0; number < cases; number += 1) {
      const socket = await open();
      const text = Array.from(
        { length: 1 + random.whole(0, 7) },
        () => pieces[random.whole(0, pieces.length - 1)],
      ).join('');
      const closed = untilClosed(socket);
      socket.end(Buffer.from(text, 'latin1'));
      await closed;
    }

    expect(await get()).to.include({ status: 200, body: 'the page' });
  });
});
