// The sandbox: an API server for clearml-agent and the ClearML SDK.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { codeOf } from '../base/error-message.ts';
import type { Service } from './requests/endpoint.ts';
import { createCallCounts, type CallCount, type Latency } from './requests/call-counts.ts';
import { createControlsService } from './services/controls.ts';
import { createDispatcher, type Dispatch, type SandboxLog } from './requests/dispatch.ts';
import { createFaults } from './requests/injected-faults.ts';
import { createFilesServer, type FilesServer } from './files-server.ts';
import { firstContent, type KeyPair } from './store/initial-content.ts';
import { createSandboxClock } from './store/sandbox-clock.ts';
import { createBodyReader, refuseBody, type ReadBody } from './requests/request-body.ts';
import { createServices } from './services/all-services.ts';
import { identify } from './services/auth.ts';
import { readSnapshot } from './store/state-file.ts';
import { ListenError, InvalidSnapshotError, PortInUseError } from './start-errors.ts';
import { createStore } from './store/store.ts';
import { gzipSync } from 'node:zlib';

export interface SandboxOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** Default: loopback. */
  readonly host?: string | undefined;
  /** The state file; uploaded files are in a directory beside it. Without it, both are lost when the process exits. */
  readonly stateFile?: string | undefined;
  /** The keys of a new sandbox; a state file contains its keys. */
  readonly keys?: KeyPair;
  /** Default: calls take no longer than they need here. */
  readonly latency?: Latency | undefined;
  readonly clock: Clock;
  readonly log?: SandboxLog;
}

export interface Sandbox {
  /** The URL of the API server, without a final slash. */
  readonly url: string;
  /** The IP address on which it listens. */
  readonly ip: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The calls so far, by endpoint. */
  callCounts(): readonly CallCount[];
  /** Stops listening, closes open connections, and leaves the state file complete. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 75_000;
/** The time limit of one request, so that a slow client cannot hold memory for longer. */
const HEADERS_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Each may send a body before it is authenticated. */
const MOST_CONNECTIONS = 500;

/**
 * Starts a sandbox. With a state file, every change is on disk before its response is sent, so that it survives
 * even SIGKILL.
 * @throws InvalidSnapshotError if the state file has another format, cannot be written, or can be changed by others
 * @throws PortInUseError, ListenError
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', stateFile, clock: realClock, log = silentLog } = options;
  const known = stateFile === undefined ? undefined : await readSnapshot(stateFile);
  const store = createStore(known ?? firstContent(realClock.now(), options.keys ?? {}), stateFile);
  const closing = new AbortController();
  const clock = createSandboxClock(realClock, store, closing.signal);
  const faults = createFaults(closing.signal);
  const calls = createCallCounts(store, clock, options.latency);
  const endpoints: Service = {
    ...calls.counted(createServices(store, clock)),
    ...createControlsService(store, clock, { faults, calls }),
  };
  // A new sandbox's keys must not be lost either.
  store.changeSettings({});
  await store.saved().catch((error: unknown) => refuseStateFile(stateFile, error));

  const dispatch = createDispatcher({ endpoints, store, clock, faults, calls, log });
  const readBody = createBodyReader();
  const files = createFilesServer({
    folder: stateFile === undefined ? undefined : `${stateFile}.files`,
    authenticate: (authorization) => void identify(authorization, store, clock.now()),
  });
  const serving = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const served = serve(request, response, { dispatch, readBody, files }).finally(() => serving.delete(served));
    serving.add(served);
  });
  // Agents poll every 5 s, when Node would close an idle connection, possibly during the next request.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explainListenError(error, options.port, host)));
    server.listen(options.port, host, resolve);
  });
  const { port, address: ip } = server.address() as AddressInfo;
  const { accessKey, secretKey } = store.settings();

  return {
    url: `http://${reachableName(host)}:${port}`,
    ip,
    accessKey,
    secretKey,
    callCounts: () => calls.all(),
    async close() {
      closing.abort(new Error('the sandbox is closing'));
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await Promise.all(serving);
      await files.close();
      await store.saved();
    },
  };
}

/** Explains an error of listen(2) or getaddrinfo(3). */
function explainListenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new PortInUseError(port, host);
    case 'EACCES':
      return new ListenError(
        `you are not allowed to listen on port ${port}: ports below 1024 are reserved for root; choose another one, or 0 for any free port`,
        cause,
      );
    case 'EADDRNOTAVAIL':
      return new ListenError(`${host} is not an address of this machine: "hostname -I" prints its addresses`, cause);
    default:
      return new ListenError(
        `cannot listen on ${host} (${error.code ?? error.message}): give a name or an address of this machine`,
        cause,
      );
  }
}

function refuseStateFile(path: string | undefined, error: unknown): never {
  const why = codeOf(error) ?? String(error);
  throw new InvalidSnapshotError(`the state file ${path ?? ''} cannot be written (${why}): use another path`, {
    cause: error,
  });
}

/** Clients cannot call the address that means "all addresses", so they get the host name. */
function reachableName(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

const silentLog: SandboxLog = { debug: () => undefined, error: () => undefined };

interface Serving {
  readonly dispatch: Dispatch;
  readonly readBody: ReadBody;
  readonly files: FilesServer;
}

/** Reads the body of any method, because the Python clients send one with GET. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { dispatch, readBody, files }: Serving,
): Promise<void> {
  if (files.isForFiles(request)) {
    await files.serve(request, response);
    return;
  }
  const body = await readBody(request);
  if (body === 'gone') return;
  if (body === 'too large') {
    refuseBody(request, response);
    return;
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const reply = await dispatch({
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: request.headers,
    body: body.toString(),
    remoteAddress: request.socket.remoteAddress ?? '',
  });
  if (reply === 'drop') {
    request.socket.destroy();
    return;
  }
  const answer = compress(Buffer.from(reply.body), request.headers['accept-encoding']?.toString());
  const headers = {
    'Content-Type': reply.contentType,
    'Content-Length': answer.body.length,
    ...(isFromSdk(request) ? { Connection: 'close' } : {}),
    ...answer.headers,
  };
  response.writeHead(reply.status, headers);
  response.end(answer.body);
}

/**
 * A real server closes each connection. If this one did not, calls of an SDK that has forked would at times get no response, or that of
 * another call.
 */
function isFromSdk(request: IncomingMessage): boolean {
  return request.headers['x-clearml-client'] !== undefined;
}

/** Shorter responses stay uncompressed. */
const MIN_BYTES = 500;

/** The body to send, with its headers. */
export function compress(
  body: Buffer,
  accepted: string | undefined,
): { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> } {
  const headers = { Vary: 'Accept-Encoding' };
  if (body.length < MIN_BYTES || !acceptsGzip(accepted ?? '')) return { body, headers };
  return { body: gzipSync(body, { level: 6 }), headers: { ...headers, 'Content-Encoding': 'gzip' } };
}

function acceptsGzip(accepted: string): boolean {
  return accepted.split(',').some((one) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(one));
}
