// Sends one request to the API server and brings the whole answer back: the only file that knows undici.
import { readFileSync } from 'node:fs';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { createResponseGauge, tooLarge, type ResponseLimits } from './response-limits.ts';
import { ServerUnusableError } from './errors.ts';
import type { ApiSettings } from './settings.ts';

interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together: connecting, sending, waiting, and reading the answer to its end. */
  readonly timeoutMs: number;
  /** An answer beyond these is cut off, as it came: undici unpacks nothing, and we ask for nothing packed. */
  readonly limits: ResponseLimits;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Where a redirect leads. */
  readonly location: string | undefined;
  readonly text: string;
}

export interface Http {
  /**
   * Posts and reads the answer, whatever its status. Redirects aren't followed: our credentials are for one server.
   * @throws HttpError when there was no whole answer
   * @throws the signal's reason when that was aborted
   */
  post(request: HttpRequest): Promise<HttpReply>;
  /** Cuts every connection, also those in use. */
  close(): Promise<void>;
}

/** Thrown when a request brought no whole answer. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** The system's, OpenSSL's or undici's name for what went wrong. */
  readonly code: string | undefined;
  /** Whether a connection stood and the request went out on it: without that the server can't have seen anything. */
  readonly sent: boolean;

  constructor(cause: unknown, sent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = readCode(cause);
    this.sent = sent;
  }
}

const TIMED_OUT = 'ETIMEDOUT';
/** The code of an `HttpError` by an answer beyond its limits. */
export const BEYOND_LIMITS = 'BEYOND_LIMITS';
const KEEP_ALIVE_MS = 1_000;

/** @throws ServerUnusableError when the CA file can't be read or a proxy's address is none */
export function createHttp(settings: ApiSettings): Http {
  const isHttps = settings.apiServer.startsWith('https:');
  const ca = readCa(settings);
  const tls = { rejectUnauthorized: settings.verifyCertificate !== false, ...(ca === undefined ? {} : { ca }) };
  const agent = new EnvHttpProxyAgent({
    // Empty texts, because undici reads the process's environment for what is left out; and only the server's own scheme,
    // because it would send https through the http proxy.
    httpProxy: isHttps ? '' : readProxy(settings.httpProxy),
    httpsProxy: isHttps ? readProxy(settings.httpsProxy) : '',
    noProxy: settings.noProxy ?? '',
    // Calls come in bursts. A connection kept longer could be closed by the server (after 2 s, where that is gunicorn) just as
    // the next call goes out on it, and nobody could tell whether that call happened.
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // Else even plain http is tunnelled, which many proxies refuse.
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
 * By undici's own events: a call is one short text each way, and its streams would take three quarters of the processor time of
 * it all.
 */
function send(agent: Dispatcher, { url, headers, body, timeoutMs, limits, signal }: HttpRequest): Promise<HttpReply> {
  const { origin, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    /** Set once a connection stands and the request goes out on it. */
    let sent: Dispatcher.DispatchController | undefined;
    let reason: Error | undefined;
    let status = 0;
    let location: string | undefined;
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
      giveUp(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: TIMED_OUT }));
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
          // Nobody waits for it any more: it is not sent.
          if (reason === undefined) sent = controller;
          else controller.abort(reason);
        },
        onResponseStart(_controller, statusCode, answered) {
          status = statusCode;
          if (Number(answered['content-length']) > limits.bytes) refuse(tooLarge(limits));
          location = typeof answered['location'] === 'string' ? answered['location'] : undefined;
        },
        onResponseData(_controller, piece) {
          if (reason !== undefined) return;
          pieces.push(piece);
          refuse(gauge.add(piece));
        },
        onResponseEnd() {
          end();
          resolve({ status, location, text: new TextDecoder().decode(Buffer.concat(pieces)) });
        },
        onResponseError(_controller, error) {
          fail(error);
        },
      },
    );
  });
}

function readCa({ verifyCertificate, caFile }: ApiSettings): string | undefined {
  const path = typeof verifyCertificate === 'string' ? verifyCertificate : verifyCertificate ? caFile : undefined;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServerUnusableError(
      `the CA file ${path} can't be read (${readCode(error) ?? String(error)}): ` +
        'it is what api.verify_certificate or REQUESTS_CA_BUNDLE names; correct the path or its permissions',
      { cause: error },
    );
  }
}

function readProxy(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const address = text.includes('://') ? text : `http://${text}`;
  // The text itself isn't shown: it may hold a password.
  if (!URL.canParse(address)) {
    throw new ServerUnusableError("the proxy's address in http_proxy or https_proxy is none: write http://host:port");
  }
  return address;
}

function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
