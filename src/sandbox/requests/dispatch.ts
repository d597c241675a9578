// Dispatches a request: path, faults, credentials, endpoint, envelope. It knows nothing of HTTP.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './api-error.ts';
import { identify, PUBLIC_ENDPOINTS } from '../services/auth.ts';
import type { CallCounts } from './call-counts.ts';
import type { Caller, Fields, Service } from './endpoint.ts';
import { API_VERSION } from './login-tokens.ts';
import { randomId } from '../store/random-id.ts';
import type { Fault, Faults } from './injected-faults.ts';
import { parseObjects, parsePath } from './request-text.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';
import { runWatchdog } from '../tasks/watchdog.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly remoteAddress: string;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The part of a log that the sandbox needs. */
export interface SandboxLog {
  debug(message: string, data?: Readonly<Record<string, unknown>>): void;
  error(message: string, data?: Readonly<Record<string, unknown>>): void;
}

export interface DispatchDeps {
  readonly endpoints: Service;
  readonly store: Store;
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly calls: Pick<CallCounts, 'addBytes'>;
  readonly log: SandboxLog;
}

/** `drop` closes the connection without a response. */
export type Dispatch = (request: Request) => Promise<Reply | 'drop'>;

/** The delay of the real server between reading a document and its conditional write, in milliseconds. */
const WINDOW_MS = 2;

const NOBODY: Caller = { user: '', userName: '', company: '' };

export function createDispatcher({ endpoints, store, clock, faults, calls, log }: DispatchDeps): Dispatch {
  return async (request) => {
    if (request.method === 'OPTIONS') return { status: 200, contentType: 'text/plain', body: '' };
    if (request.headers['content-encoding'] !== undefined) {
      return { status: 415, contentType: 'text/plain', body: 'Content-Encoding is not supported' };
    }
    const trx = header(request, 'x-clearml-trx');
    let addressed: Addressed = { endpoint: undefined, version: undefined, trx };
    try {
      const { endpoint, version } = parsePath(request.path);
      addressed = { endpoint, version, trx };
      const fault = endpoint.startsWith('sandbox.') ? undefined : faults.take(endpoint);
      const early = await sufferBefore(fault, endpoint);
      if (early !== undefined) return early;

      const data = await call(request, endpoint, version, fault);
      // A client that saw the response must find its effect after a crash.
      await store.saved();
      if (fault?.kind === 'drop-after' || fault?.kind === 'delay') await clock.sleep(fault.delayMs);
      if (fault?.kind === 'drop-after') return 'drop';
      log.debug('request answered', { endpoint, code: 200 });
      const reply = json(200, envelope(addressed, data));
      calls.addBytes(endpoint, Buffer.byteLength(reply.body));
      return reply;
    } catch (error) {
      const refusal = error instanceof ApiError ? error : new ApiError('internal', {}, String(error));
      // A rejected call may have changed something before (the report of an unknown worker registers it).
      await store.saved().catch((reason: unknown) => log.error('state could not be saved', { err: reason }));
      const data = { endpoint: addressed.endpoint ?? request.path, code: refusal.code, subcode: refusal.subcode };
      if (error instanceof ApiError) log.debug('request refused', data);
      else log.error('A request to the sandbox failed', { ...data, err: error });
      return json(refusal.code, envelope(addressed, {}, refusal));
    }
  };

  async function sufferBefore(fault: Fault | undefined, endpoint: string): Promise<Reply | 'drop' | undefined> {
    if (fault?.kind !== 'drop-before' && fault?.kind !== 'status') return undefined;
    await clock.sleep(fault.delayMs);
    log.debug('Fault injection: this request fails on purpose', { endpoint, fault: fault.kind });
    if (fault.kind === 'drop-before') return 'drop';
    const page = `<html><head><title>${fault.status}</title></head><body><h1>${fault.status}</h1></body></html>\n`;
    return { status: fault.status, contentType: 'text/html', body: page };
  }

  async function call(
    request: Request,
    endpoint: string,
    version: string | undefined,
    fault: Fault | undefined,
  ): Promise<Fields> {
    const run = endpoints[endpoint];
    if (run === undefined) {
      throw new ApiError('unknownEndpoint', {}, `for name ${endpoint} and version ${version ?? 'latest'}`);
    }
    const isPublic = PUBLIC_ENDPOINTS.has(endpoint);
    const caller = isPublic ? NOBODY : identify(header(request, 'authorization'), store, clock.now());
    const lines = parseObjects({ ...request, contentType: header(request, 'content-type') });
    runWatchdog(store, clock.now());
    return run({
      body: lines[0] ?? {},
      lines,
      workerHeader: header(request, 'x-clearml-worker') ?? header(request, 'x-trains-worker'),
      remoteAddress: request.remoteAddress,
      caller,
      gap: async () => {
        if (fault?.kind === 'hold') await faults.hold();
        else await clock.sleep(WINDOW_MS);
      },
    });
  }
}

function header(request: Request, name: string): string | undefined {
  return request.headers[name]?.toString();
}

function json(status: number, document: Fields): Reply {
  return { status, contentType: 'application/json', body: JSON.stringify(document) };
}

/** What the envelope of a response says of its request. */
interface Addressed {
  readonly endpoint: string | undefined;
  readonly version: string | undefined;
  /** The `X-Clearml-Trx` header. */
  readonly trx: string | undefined;
}

/** The Python clients check its types, and require the versions to be texts. */
function envelope({ endpoint, version, trx }: Addressed, data: Fields, error?: ApiError): Fields {
  const id = randomId();
  const meta = {
    id,
    trx: trx ?? id,
    endpoint: { name: endpoint ?? '', requested_version: version ?? API_VERSION, actual_version: '1.0' },
    result_code: error?.code ?? 200,
    result_subcode: error?.subcode ?? 0,
    result_msg: error?.message ?? 'OK',
    error_stack: null,
    error_data: {},
  };
  return { meta, data };
}
