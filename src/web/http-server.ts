// An HTTP server that gives only to those who may have it, and that no client can occupy: limits on size, time and connections.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isOwnHost, type Access } from './authorize-request.ts';
import { html, type Html } from './pages/html.ts';

export interface WebRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  /** Whether the client wants the headers only. */
  readonly isHead: boolean;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends events until the client leaves. */
export interface EventStream {
  /** False if the client reads too slowly; nothing is sent then. */
  send(event: string, data: string): boolean;
  onClose(listener: () => void): void;
  close(): void;
}

export interface Routes {
  /** undefined: there is no such page. */
  reply(request: WebRequest): Promise<Reply | undefined>;
  /** False: there is no such stream, or there are too many. */
  stream(request: WebRequest, open: () => EventStream): boolean;
}

const MAX_CONNECTIONS = 256;
export const LIMITS = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
/** What may wait to be sent to one client. */
const MAX_UNSENT_BYTES = 1_000_000;

/** Everything comes from this server, and no other page may show it in a frame. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';

/** @param access undefined on a Unix socket, whose file permissions decide */
export function createWebServer(routes: Routes, access: Access | undefined, limits = LIMITS): Server {
  const server = createServer(limits, (request, response) => {
    void respond(request, response, routes, access);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.maxRequestsPerSocket = 1_000;
  server.on('clientError', refuseMalformed);
  // A connection that cannot be accepted (too many open files) must not end the daemon.
  server.on('error', () => undefined);
  return server;
}

/** Closes the server and all connections. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function respond(
  incoming: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  access: Access | undefined,
): Promise<void> {
  try {
    const reply = await answer(incoming, response, routes, access);
    if (reply !== 'stream') send(incoming, response, reply);
  } catch {
    // A bug of a page must end neither the daemon nor the connections of others.
    send(incoming, response, plain(500, 'This page could not be created. Please report this bug.\n'));
  }
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  access: Access | undefined,
): Promise<Reply | 'stream'> {
  const { headers, method } = incoming;
  // Also on a Unix socket, which a user may forward to a port of their own computer.
  if (!(access ?? { isOwnHost }).isOwnHost(headers.host))
    return plain(
      421,
      'The daemon does not accept this host name in a URL. Use localhost, or the host name or address of its machine.\n',
    );
  if (method !== 'GET' && method !== 'HEAD')
    return { ...plain(405, 'Only GET and HEAD are supported.\n'), headers: { Allow: 'GET, HEAD' } };
  const url = parseUrl(incoming.url);
  if (url === undefined) return plain(400, 'The URL is malformed.\n');
  const { accept = '' } = headers;
  const request = { path: url.pathname, query: url.searchParams, accept, isHead: method === 'HEAD' };

  const token = request.query.get('token');
  if (access !== undefined && token !== null && access.isToken(token)) return welcome(access);
  if (access !== undefined && (token !== null || !access.isAuthorized(headers))) return unauthorized(accept);
  if (!request.isHead && routes.stream(request, () => openStream(incoming, response))) return 'stream';
  return (await routes.reply(request)) ?? plain(404, 'There is no such page.\n');
}

function plain(status: number, body: string): Reply {
  return { status, type: TEXT, body };
}

function parseUrl(target: string | undefined): URL | undefined {
  if (target === undefined || !target.startsWith('/')) return undefined;
  const url = `http://localhost${target}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** A redirect would not do: from another site, a browser would follow it without the SameSite cookie. */
function welcome({ cookie: { name, value } }: Access): Reply {
  const page = html`<meta http-equiv="refresh" content="0; url=/" /><a href="/">Continue</a>`;
  const headers = { 'Set-Cookie': `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000` };
  return { ...documentOf(200, 'clearml-agent-slurm', page), headers };
}

function unauthorized(accept: string): Reply {
  const text =
    'The token is missing or wrong. Open the URL that "clearml-agent-slurm web" prints, or send "Authorization: Bearer TOKEN".';
  const headers = { 'WWW-Authenticate': 'Bearer realm="clearml-agent-slurm"' };
  const reply = accept.includes('text/html')
    ? documentOf(401, 'Token needed', html`<p>${text}</p>`)
    : plain(401, `${text}\n`);
  return { ...reply, headers };
}

/** A page without scripts and styles. */
function documentOf(status: number, title: string, body: Html): Reply {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
      </head>
      <body>
        ${body}
      </body>
    </html>`;
  return { status, type: HTML, body: page.text };
}

function send(incoming: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Reply): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // A body that nobody reads would be taken for the next request.
  const hasBody =
    incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined;
  const isEnded = hasBody || (status >= 400 && status !== 404);
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    ...headers,
    ...(isEnded ? { Connection: 'close' } : {}),
  });
  response.end(incoming.method === 'HEAD' ? undefined : body);
}

function openStream(incoming: IncomingMessage, response: ServerResponse): EventStream {
  incoming.socket.setNoDelay(true);
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': 'text/event-stream; charset=utf-8',
    // By default nginx keeps small events until its buffer is full.
    'X-Accel-Buffering': 'no',
    Connection: 'close',
  });
  response.write('retry: 3000\n\n');
  return {
    send(event, data) {
      if (response.writableLength > MAX_UNSENT_BYTES) return false;
      const lines = data.split('\n').map((line) => `data: ${line}\n`);
      response.write(`event: ${event}\n${lines.join('')}\n`);
      return true;
    },
    onClose: (listener) => void response.on('close', listener),
    close: () => response.destroy(),
  };
}

/** Headers that are too large, too slow or not HTTP. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}
