// Sends one request to the API server and brings the whole answer back: the only file that knows undici.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { EnvHttpProxyAgent, request } from 'undici';
import { ServerUnusable } from './errors.ts';
import type { ApiSettings } from './settings.ts';

interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together: connecting, sending, waiting, and reading the answer to its end. */
  readonly timeoutMs: number;
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
   * @throws HttpFailure when there was no whole answer
   * @throws the signal's reason when that was aborted
   */
  post(request: HttpRequest): Promise<HttpReply>;
  /** Cuts every connection, also those in use. */
  close(): Promise<void>;
}

/** Thrown when a request brought no whole answer. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
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
const KEEP_ALIVE_MS = 1_000;

/** @throws ServerUnusable when the CA file can't be read or a proxy's address is none */
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
    async post({ url, headers, body, timeoutMs, signal }) {
      signal?.throwIfAborted();
      let sent = false;
      // undici asks for a body only once it has a connection to send it on.
      const observedBody = Readable.from(
        (function* () {
          sent = true;
          yield Buffer.from(body);
        })(),
      );
      const deadline = startDeadline(timeoutMs, signal);
      try {
        const reply = await request(url, {
          method: 'POST',
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          body: observedBody,
          dispatcher: agent,
          signal: deadline.signal,
        });
        const text = await reply.body.text();
        const location = reply.headers['location'];
        return { status: reply.statusCode, location: typeof location === 'string' ? location : undefined, text };
      } catch (error) {
        signal?.throwIfAborted();
        throw new HttpFailure(error, sent);
      } finally {
        deadline.end();
      }
    },

    close: () => agent.destroy(),
  };
}

/** Own timer instead of `AbortSignal.any` with `AbortSignal.timeout`: on Node 20 that leaves a little in memory at every call. */
function startDeadline(timeoutMs: number, outer: AbortSignal | undefined): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: TIMED_OUT }));
  }, timeoutMs);
  const stop = (): void => {
    controller.abort(outer?.reason);
  };
  outer?.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', stop);
    },
  };
}

function readCa({ verifyCertificate, caFile }: ApiSettings): string | undefined {
  const path = typeof verifyCertificate === 'string' ? verifyCertificate : verifyCertificate ? caFile : undefined;
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServerUnusable(
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
    throw new ServerUnusable("the proxy's address in http_proxy or https_proxy is none: write http://host:port");
  }
  return address;
}

function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
