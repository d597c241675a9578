// A ClearML server that says what a test tells it to, answer by answer: for what a well-behaved server never does.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';

/** How one call is answered. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

interface Call {
  readonly endpoint: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  /** Every call that was read to its end, in order. */
  readonly calls: readonly Call[];
  callsOf(endpoint: string): Call[];
  /** The next calls of this endpoint get these answers in turn; the last one stays. */
  script(endpoint: string, ...answers: readonly [Answer, ...Answer[]]): void;
  close(): Promise<void>;
}

/** Starts on a loopback port. Until told otherwise it lets everybody log in and knows no other endpoint. */
export async function startScriptedServer(tls?: { cert: string; key: string }): Promise<ScriptedServer> {
  const calls: Call[] = [];
  const scripts = new Map<string, readonly Answer[]>([['auth.login', [data({ token: makeToken() })]]]);

  const listener: RequestListener = (request, response) => {
    void (async () => {
      const endpoint = (request.url ?? '').slice(1);
      const { authorization, 'content-type': contentType } = request.headers;
      calls.push({ endpoint, authorization, contentType, body: await text(request) });
      const [answer = refuse(404, 0, 'Unable to find endpoint'), ...later] = scripts.get(endpoint) ?? [];
      if (later.length > 0) scripts.set(endpoint, later);
      answer(response, request);
    })();
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // Otherwise it would close a connection on which the next request may have been sent.
  server.keepAliveTimeout = 0;
  const port = await listen(server);

  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    calls,
    callsOf: (endpoint) => calls.filter((call) => call.endpoint === endpoint),
    script(endpoint, ...answers) {
      scripts.set(endpoint, answers);
    },
    close: () => closeServer(server),
  };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}

export function data(value: unknown): Answer {
  return envelope(200, 0, 'OK', value);
}

export function refuse(code: number, subcode: number, message: string): Answer {
  return envelope(code, subcode, message, {});
}

/** Something that isn't ClearML's. */
export function page(
  status: number,
  body: string,
  headers: Record<string, string> = { 'content-type': 'text/html' },
): Answer {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Begins an answer that is said to be larger than any may be. */
export function huge(): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 200 * 1024 * 1024 }).write('{');
  };
}

/** Cuts the connection instead of answering. */
export function hangUp(): Answer {
  return (_, request) => {
    request.socket.destroy();
  };
}

/** Leaves the caller waiting; with `begin`, in the middle of an answer. */
export function stall(begin?: string): Answer {
  return (response) => {
    if (begin !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).write(begin);
  };
}

/** Answers only when the test says so. */
export function later(gate: Promise<unknown>, answer: Answer): Answer {
  return (response, request) => {
    void gate.then(() => {
      answer(response, request);
    });
  };
}

/** A token as the server makes them; its signature is never looked at. */
export function makeToken(claims: Record<string, unknown> = {}): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const payload = {
    iat: nowSeconds,
    exp: nowSeconds + 30 * 86_400,
    identity: { user: 'u1' },
    api_version: '2.31',
    server_version: '2.0.0',
    ...claims,
  };
  return `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function envelope(code: number, subcode: number, message: string, value: unknown): Answer {
  return (response) => {
    const meta = {
      id: '0'.repeat(32),
      trx: '0'.repeat(32),
      endpoint: { name: 'x', requested_version: '2.31', actual_version: '1.0' },
      result_code: code,
      result_subcode: subcode,
      result_msg: message,
    };
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ meta, data: value }));
  };
}
