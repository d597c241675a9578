// Sends one HTTP request to the API server and reads the whole response. The only file that uses undici.
import { readFileSync } from 'node:fs';
import undici, { type Dispatcher } from 'undici';
import { createResponseGauge, tooLarge, type ResponseLimits } from './response-limits.ts';
import { ServerUnusableError } from '../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { codeOf, messageOf } from '../../base/error-message.ts';
import { chooseProxy } from './choose-proxy.ts';

interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole request: connect, send, wait, read the response to its end. */
  readonly timeoutMs: number;
  /** A response beyond them is aborted. They count bytes as sent: undici does not decompress, and we request no compression. */
  readonly limits: ResponseLimits;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Where a redirect leads. */
  readonly location: string | undefined;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface Http {
  /**
   * Posts and reads the response, whatever its status. Redirects are not followed: the credentials are for one server.
   * @throws HttpError without a complete response
   * @throws the signal's reason once it is aborted
   */
  post(request: HttpRequest): Promise<HttpReply>;
  /** Closes every connection, also those in use. */
  close(): Promise<void>;
}

/** Thrown when a request got no complete response. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** The error code of the system, OpenSSL or undici. */
  readonly code: string | undefined;
  /** Whether the request was sent on an open connection. If not, the server cannot have seen it. */
  readonly sent: boolean;

  constructor(cause: unknown, sent: boolean) {
    super(messageOf(cause), { cause });
    this.code = codeOf(cause);
    this.sent = sent;
  }
}

const TIMED_OUT = 'ETIMEDOUT';
/** The code of an `HttpError` for a response beyond its limits. */
export const BEYOND_LIMITS = 'BEYOND_LIMITS';
const KEEP_ALIVE_MS = 1_000;

/** @throws ServerUnusableError if the CA file is unreadable or a proxy's URL is invalid */
export function createHttp(settings: ConnectionSettings): Http {
  const isHttps = settings.apiServer.startsWith('https:');
  const proxy = chooseProxy(settings);
  const ca = readCa(settings);
  const tls = { rejectUnauthorized: settings.verifyCertificate !== false, ...(ca === undefined ? {} : { ca }) };
  const agent = new undici.EnvHttpProxyAgent({
    // Empty strings, because undici reads the process's environment for a missing value; and only for the server's scheme,
    // because undici would send https through the http proxy.
    httpProxy: isHttps ? '' : proxy,
    httpsProxy: isHttps ? proxy : '',
    noProxy: '',
    // Calls come in bursts. The server (gunicorn: after 2 s) could close an older connection just as the next call is sent, and
    // the outcome of that call would be unknown.
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // By default undici tunnels plain http too, which many proxies refuse.
    proxyTunnel: false,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
  });

  return {
    async post(wanted) {
      wanted.signal?.throwIfAborted();
      return await send(agent, wanted);
    },

    close: () => agent.destroy(),
  };
}

/**
 * Uses undici's events: for these short texts its streams would take three quarters of the processor time.
 */
function send(agent: Dispatcher, { url, headers, body, timeoutMs, limits, signal }: HttpRequest): Promise<HttpReply> {
  const { origin, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    /** Set once the request is sent on an open connection. */
    let sent: Dispatcher.DispatchController | undefined;
    let reason: Error | undefined;
    let status = 0;
    let location: string | undefined;
    let retryAfter: string | undefined;
    const pieces: Uint8Array[] = [];
    const gauge = createResponseGauge(limits);

    function giveUp(why: Error): void {
      reason ??= why;
      if (sent === undefined) fail(why);
      else sent.abort(why);
    }
    function refuse(why: string | undefined): void {
      if (why === undefined) return;
      pieces.length = 0;
      giveUp(Object.assign(new Error(why), { code: BEYOND_LIMITS }));
    }
    function fail(error: unknown): void {
      end();
      reject(signal?.aborted === true ? (signal.reason as Error) : new HttpError(error, sent !== undefined));
    }
    const timer = setTimeout(() => {
      giveUp(Object.assign(new Error(`no response within ${timeoutMs} ms`), { code: TIMED_OUT }));
    }, timeoutMs);
    const stop = (): void => giveUp(new Error('stopped', { cause: signal?.reason }));
    signal?.addEventListener('abort', stop, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }

    agent.dispatch(
      { origin, path: pathname + search, method: 'POST', headers, body },
      {
        onRequestStart(controller) {
          // The caller gave up before the connection was open.
          if (reason === undefined) sent = controller;
          else controller.abort(reason);
        },
        onResponseStart(_controller, statusCode, answered) {
          status = statusCode;
          if (Number(answered['content-length']) > limits.bytes) refuse(tooLarge(limits));
          location = textOf(answered['location']);
          retryAfter = textOf(answered['retry-after']);
        },
        onResponseData(_controller, piece) {
          if (reason !== undefined) return;
          pieces.push(piece);
          refuse(gauge.add(piece));
        },
        onResponseEnd() {
          end();
          resolve({ status, location, retryAfter, text: new TextDecoder().decode(Buffer.concat(pieces)) });
        },
        onResponseError(_controller, error) {
          fail(error);
        },
      },
    );
  });
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function readCa({ verifyCertificate, caFile }: ConnectionSettings): string | undefined {
  const path = typeof verifyCertificate === 'string' ? verifyCertificate : verifyCertificate ? caFile : undefined;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServerUnusableError(
      `cannot read the CA file ${path} (${codeOf(error) ?? String(error)}): ` +
        'correct its permissions, or the path in api.verify_certificate or REQUESTS_CA_BUNDLE',
      { cause: error },
    );
  }
}
