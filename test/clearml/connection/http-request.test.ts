// Whether any part of a request was sent, which decides whether it may be sent again.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { limitsOf } from '../../../src/clearml/connection/response-limits.ts';
import { createHttp, HttpError, type Http } from '../../../src/clearml/connection/http-request.ts';
import { freePorts } from '../../support/loopback-port.ts';
import { rejection } from '../../support/rejection.ts';
import { createScriptedServerFixture } from '../scripted-server-fixture.ts';
import { makeCertificates } from '../certificates.ts';
import { data, hangUp, page, stall, startScriptedServer, type ScriptedServer } from '../scripted-server.ts';
import { runPastDeadline } from '../../transport/growing-deadline.ts';
import { TIMEOUT_MS } from '../../support/wait-until.ts';

const LIMITS = limitsOf('tasks.get_by_id');

describe('the HTTP client', () => {
  const fixture = createScriptedServerFixture();
  let http: Http;

  beforeEach(() => {
    http = createHttp({ apiServer: 'http://any', verifyCertificate: true });
  });

  afterEach(() => http.close());

  async function failure(url: string, timeoutMs = TIMEOUT_MS): Promise<HttpError> {
    const error = await rejection(http.post({ url, headers: {}, body: '{}', timeoutMs, limits: LIMITS }));
    if (!(error instanceof HttpError)) throw error;
    return error;
  }

  it('sends the complete body with its length in bytes', async () => {
    fixture.server.script('x', (response, request) => response.end(request.headers['content-length']));

    const reply = await http.post({
      url: `${fixture.server.url}/x`,
      headers: {},
      body: '{"a":"é€"}',
      timeoutMs: TIMEOUT_MS,
      limits: LIMITS,
    });

    expect(reply).to.deep.equal({ status: 200, location: undefined, retryAfter: undefined, text: '13' });
    expect(fixture.server.calls[0]?.body).to.equal('{"a":"é€"}');
  });

  it("does not follow a redirect, because a request carries one server's credentials", async () => {
    fixture.server.script('x', page(307, '', { location: `${fixture.server.url}/y` }));

    const reply = await http.post({
      url: `${fixture.server.url}/x`,
      headers: {},
      body: '{}',
      timeoutMs: TIMEOUT_MS,
      limits: LIMITS,
    });

    expect(reply).to.include({ status: 307, location: `${fixture.server.url}/y` });
    expect(fixture.server.calls).to.have.length(1);
  });

  it('reports that nothing was sent if nothing listens at the address', async () => {
    const [port = 0] = await freePorts(1);

    expect(await failure(`http://127.0.0.1:${port}/x`)).to.include({ sent: false, code: 'ECONNREFUSED' });
  });

  it('reports that nothing was sent if the host name is unknown', async () => {
    expect((await failure('http://no-such-host.invalid/x')).sent).to.equal(false);
  });

  it('reports that nothing was sent if the server does not speak TLS', async () => {
    expect((await failure(fixture.server.url.replace('http:', 'https:'))).sent).to.equal(false);
  });

  it('reports that nothing was sent if the connection takes too long, and sends nothing later', async () => {
    await using secure = await startSecureServer();
    const held = once(secure.gate, 'connection');
    const slow = createHttp({ apiServer: secure.url, verifyCertificate: false });

    const late = slow.post({ url: `${secure.url}/late`, headers: {}, body: '{}', timeoutMs: 50, limits: LIMITS });
    expect(await rejection(late)).to.include({ sent: false, code: 'ETIMEDOUT' });
    await held;
    secure.open();
    await slow.post({ url: `${secure.url}/next`, headers: {}, body: '{}', timeoutMs: TIMEOUT_MS, limits: LIMITS });

    expect(secure.calls.map(({ endpoint }) => endpoint)).to.deep.equal(['next']);
    await slow.close();
  });

  it('reports that the request was sent if the connection breaks before the response', async () => {
    fixture.server.script('x', hangUp());

    expect((await failure(`${fixture.server.url}/x`)).sent).to.equal(true);
  });

  it('ends a request at its timeout, even in the middle of the response', async () => {
    for (const answer of [stall(), stall('half an ans')]) {
      fixture.server.script('x', answer);
      const { error } = await runPastDeadline(
        (timeoutMs) => failure(`${fixture.server.url}/x`, timeoutMs),
        (problem) => problem instanceof HttpError && problem.sent,
      );

      expect(error).to.include({ sent: true, code: 'ETIMEDOUT' });
    }
  });

  it('cancels its running requests when it is closed', async () => {
    fixture.server.script('x', () => {
      void http.close();
    });

    expect((await failure(`${fixture.server.url}/x`)).sent).to.equal(true);
  });
});

/** A secure server behind a gate that takes connections, and leads them on once it is told to. */
async function startSecureServer(): Promise<
  AsyncDisposable & Pick<ScriptedServer, 'url' | 'calls'> & { readonly gate: Server; open(): void }
> {
  const certificates = await makeCertificates('127.0.0.1');
  const server = await startScriptedServer(certificates);
  for (const endpoint of ['late', 'next']) server.script(endpoint, data({}));
  const sockets = new Set<Socket>();
  let leadOn: ((socket: Socket) => void) | undefined;
  const gate = createServer((socket) => {
    sockets.add(socket);
    leadOn?.(socket);
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  return {
    url: `https://127.0.0.1:${(gate.address() as AddressInfo).port}`,
    calls: server.calls,
    gate,
    open() {
      leadOn = (socket) => {
        const inner = connect(server.port, '127.0.0.1');
        sockets.add(inner);
        socket.pipe(inner).pipe(socket);
      };
      for (const socket of [...sockets]) leadOn(socket);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      gate.close();
      await server.close();
      await certificates.remove();
    },
  };
}
