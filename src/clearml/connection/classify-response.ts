// Classifies responses of the server and failures without a response by tables, and explains an `api_server` that is not the API. Pure.
import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';

export type ResponseClass =
  | { readonly kind: 'data'; readonly data: unknown }
  | { readonly kind: RefusedKind; readonly code: number; readonly subcode: number; readonly reason: string }
  | {
      readonly kind: 'busy' | 'unreachable' | 'not-the-api';
      readonly mayHaveHappened: boolean;
      readonly reason: string;
    };

type RefusedKind = 'token-refused' | 'credentials-refused' | 'lost-race' | 'refused';

/** Error messages quote the server, but not a whole page. */
const REASON_LENGTH = 1_000;

/** Every response of the API has this shape, refusals too. */
const Envelope = z.object({
  meta: z.object({
    result_code: z.number(),
    result_subcode: z.number().catch(0),
    result_msg: z
      .string()
      .transform((text) => text.slice(0, REASON_LENGTH))
      .catch(''),
  }),
  data: z.unknown(),
});

/**
 * Refusals that callers distinguish; all others are plain refusals.
 * https://github.com/clearml/clearml-server/blob/master/apiserver/apierrors/errors.conf
 */
const REFUSED_KINDS: readonly { code: number; subcodes: readonly number[]; kind: RefusedKind }[] = [
  // The token is missing, expired, unknown or blocked: the server did nothing, and a new login may help.
  { code: 401, subcodes: [20, 30, 31], kind: 'token-refused' },
  { code: 401, subcodes: [10, 21, 22, 40], kind: 'credentials-refused' },
  { code: 400, subcodes: [110, 121], kind: 'lost-race' },
];

/** Too many requests, and maintenance. */
const BUSY = [429, 503];

/** Classifies a response by its HTTP status and body. */
export function classifyReply(status: number, text: string): ResponseClass {
  const envelope = Envelope.safeParse(parseJson(text));
  const { result_code: code, result_subcode: subcode, result_msg: reason } = envelope.data?.meta ?? NO_META;
  if (envelope.success && status < 300) return { kind: 'data', data: envelope.data.data };

  if (status === 429 || status >= 500) {
    // A proxy such as Envoy or Varnish also sends 503 if its connection to the server broke while it waited for the response.
    const didNothing = status === 429 || (status === 503 && envelope.success);
    return {
      kind: BUSY.includes(status) ? 'busy' : 'unreachable',
      mayHaveHappened: !didNothing,
      reason: `the server responded with status ${status}${reason === '' ? '' : `: ${reason} (${code}/${subcode})`}`,
    };
  }
  if (envelope.success) {
    const row = REFUSED_KINDS.find((kind) => kind.code === code && kind.subcodes.includes(subcode));
    return { kind: row?.kind ?? 'refused', code, subcode, reason: withoutCompanyId(reason) };
  }
  // A proxy that answers in place of the API did not pass the call on, unless it reports success.
  return {
    kind: 'not-the-api',
    mayHaveHappened: status < 300,
    reason: `the server responded with status ${status} and ${describeText(text)}`,
  };
}

/** The free server has one company; its id tells a user nothing. */
function withoutCompanyId(reason: string): string {
  return reason.replaceAll(/,? ?\bcompany=\w+/g, '');
}

const NO_META = { result_code: 0, result_subcode: 0, result_msg: '' };

export interface Fault {
  readonly message: string;
  /** The server cannot be trusted: at start-up, a setting to correct. */
  readonly untrusted?: boolean;
  /** The call did not reach the server, although data was sent. */
  readonly neverProcessed?: boolean;
}

const UNTRUSTED: Fault = {
  message:
    "the server's certificate is not trusted; set api.verify_certificate to the file of the CA that signed the certificate",
  untrusted: true,
};
const NO_ROUTE: Fault = { message: 'this machine has no route to the server' };
const NO_NAME: Fault = { message: "the server's name does not resolve on this machine; check api.api_server" };
const BROKEN: Fault = { message: 'the connection was lost' };
const TOO_SLOW: Fault = { message: 'the server did not respond in time' };

/** Error codes of Node, OpenSSL and undici. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ECONNREFUSED: { message: 'nothing listens on its port; check api.api_server, and that the server is running' },
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  UND_ERR_SOCKET: BROKEN,
  ETIMEDOUT: TOO_SLOW,
  UND_ERR_CONNECT_TIMEOUT: TOO_SLOW,
  UND_ERR_ABORTED: { message: 'the proxy refused to connect to the server' },
  // How undici reports a proxy's 407 when it does not tunnel.
  UND_ERR_INVALID_ARG: { message: 'the proxy requires a user and a password in its URL', neverProcessed: true },
  EPROTO: { message: 'the server does not speak https; check the scheme and port of api.api_server', untrusted: true },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    message: 'the server does not speak https; write http:// in api.api_server',
    untrusted: true,
  },
  CERT_HAS_EXPIRED: { message: "the server's certificate has expired", untrusted: true },
  CERT_NOT_YET_VALID: {
    message: "the server's certificate is not valid yet; check this machine's clock",
    untrusted: true,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: { message: "the server's certificate is for another host name", untrusted: true },
  UND_ERR_PRX_TLS: { message: "the proxy's certificate is for another host name", untrusted: true },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** Classifies a failure without a response. */
export function classifyFailure(code: string | undefined, error: string): Fault {
  const fault = FAULTS[code ?? ''];
  // OpenSSL's message is a chain of its numbers and file names.
  const isOpenssl = /:error:|SSL routines|OPENSSL_/.test(error);
  const detail = isOpenssl ? (code ?? '') : error;
  if (fault === undefined) return { message: isOpenssl ? `TLS failed (${detail === '' ? 'no code' : detail})` : error };
  return { ...fault, message: detail === '' ? fault.message : `${fault.message} (${detail})` };
}

/** Whether a text looks like a web page. */
export function isHtml(text: string): boolean {
  return /^\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype\s+html|html)\b/i.test(text);
}

function describeText(text: string): string {
  if (isHtml(text)) return 'a web page';
  return text.trim() === '' ? 'no text' : JSON.stringify(text.trim().slice(0, 80));
}

interface WrongReply {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** The fault of the URL, and what to write instead. */
export function formatWrongAddress(apiServer: string, endpoint: string, reply: WrongReply): string {
  if (reply.location !== undefined && reply.status >= 300 && reply.status < 400) {
    return `${apiServer} redirects to ${parseTarget(apiServer, endpoint, reply.location)}: set api.api_server to that URL`;
  }
  if (isHtml(reply.text)) {
    return (
      `${apiServer} responds with a web page (${reply.status}), so it is not the URL of ClearML's API: ` +
      `set api.api_server to ${suggestApiServer(apiServer)}`
    );
  }
  return `${apiServer} does not respond as ClearML's API (${reply.status}); check api.api_server, and the proxy if there is one`;
}

/** ClearML's defaults: web page on port 8080 or app.…, API on port 8008 or api.…. */
function suggestApiServer(apiServer: string): string {
  const url = new URL(apiServer);
  if (url.port === '8080') {
    url.port = '8008';
    return url.origin;
  }
  if (url.hostname.startsWith('app.')) {
    url.hostname = url.hostname.replace(/^app\./, 'api.');
    return url.origin;
  }
  return 'the URL of the API server (usually port 8008 instead of 8080, or api.… instead of app.…)';
}

function parseTarget(apiServer: string, endpoint: string, location: string): string {
  if (!URL.canParse(location, apiServer)) return 'another URL';
  const target = new URL(location, apiServer);
  return `${target.origin}${target.pathname}`.replace(new RegExp(`/*(?:${endpoint.replace('.', '\\.')})?/*$`), '');
}
