// What an answer of the server, or the lack of one, means for the caller: two tables and their readers. Pure.
import * as z from 'zod';

export type ResponseClass =
  | { readonly kind: 'data'; readonly data: unknown }
  | { readonly kind: RefusedKind; readonly code: number; readonly subcode: number; readonly reason: string }
  | { readonly kind: 'unreachable' | 'not-the-api'; readonly mayHaveHappened: boolean; readonly reason: string };

type RefusedKind = 'token-refused' | 'credentials-refused' | 'lost-race' | 'refused';

/** Messages hold the server's own words, but not a whole page of them. */
const REASON_LENGTH = 1_000;

/** Every answer of the API has this shape, refusals too. */
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

/** Refusals with a meaning of their own (server: apiserver/apierrors/errors.conf); all others are plain refusals. */
const REFUSED_KINDS: readonly { code: number; subcodes: readonly number[]; kind: RefusedKind }[] = [
  // No token, an expired or unknown one, a blocked one: the server did nothing, and another login may help.
  { code: 401, subcodes: [20, 30, 31], kind: 'token-refused' },
  { code: 401, subcodes: [10, 21, 22, 40], kind: 'credentials-refused' },
  { code: 400, subcodes: [110, 121], kind: 'lost-race' },
];

/** Too many requests, and maintenance: said before anything is done. */
const NOT_TAKEN = [429, 503];

/** What an answer means, from its status and its text. */
export function classifyReply(status: number, text: string): ResponseClass {
  const envelope = Envelope.safeParse(parseJson(text));
  const { result_code: code, result_subcode: subcode, result_msg: reason } = envelope.data?.meta ?? NO_META;
  if (envelope.success && status < 300) return { kind: 'data', data: envelope.data.data };

  if (NOT_TAKEN.includes(status) || status >= 500) {
    const said = reason === '' ? '' : `: ${reason} (${code}/${subcode})`;
    return {
      kind: 'unreachable',
      mayHaveHappened: !NOT_TAKEN.includes(status),
      reason: `it answered ${status}${said}`,
    };
  }
  if (envelope.success) {
    const row = REFUSED_KINDS.find((kind) => kind.code === code && kind.subcodes.includes(subcode));
    return { kind: row?.kind ?? 'refused', code, subcode, reason: withoutCompany(reason) };
  }
  // Whoever answers so in front of the API did not let the call through, unless it says "done".
  return { kind: 'not-the-api', mayHaveHappened: status < 300, reason: `it answered ${status} ${describeText(text)}` };
}

/** Of the server's own words the id of its only company says nothing to a person. */
function withoutCompany(reason: string): string {
  return reason.replaceAll(/,? ?\bcompany=\w+/g, '');
}

const NO_META = { result_code: 0, result_subcode: 0, result_msg: '' };

export interface Fault {
  readonly words: string;
  /** The other side can't be trusted: at the start that is a setting to correct. */
  readonly untrusted?: boolean;
  /** The call didn't reach the server, though something was sent. */
  readonly neverTaken?: boolean;
}

const UNTRUSTED: Fault = {
  words: 'its certificate is not trusted; set api.verify_certificate to the file of the CA that signed it',
  untrusted: true,
};
const NO_ROUTE: Fault = { words: 'there is no route to it from here' };
const NO_NAME: Fault = { words: 'its name is not known here; look whether api.api_server is right' };
const BROKEN: Fault = { words: 'the connection broke' };
const TOO_SLOW: Fault = { words: 'there was no whole answer in time' };

/** What the codes of Node, OpenSSL and undici mean to a person. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ECONNREFUSED: { words: 'nothing listens there; look whether the server runs and api.api_server is right' },
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ECONNRESET: BROKEN,
  EPIPE: BROKEN,
  UND_ERR_SOCKET: BROKEN,
  ETIMEDOUT: TOO_SLOW,
  UND_ERR_CONNECT_TIMEOUT: TOO_SLOW,
  UND_ERR_ABORTED: { words: 'the proxy did not open a way to it' },
  // How undici reports a 407 of a proxy that it asks without a tunnel.
  UND_ERR_INVALID_ARG: { words: 'the proxy wants a name and a password in its address', neverTaken: true },
  EPROTO: { words: 'it does not speak https; look at the scheme and port of api.api_server', untrusted: true },
  ERR_SSL_WRONG_VERSION_NUMBER: { words: 'it does not speak https; write http:// in api.api_server', untrusted: true },
  CERT_HAS_EXPIRED: { words: 'its certificate has expired', untrusted: true },
  CERT_NOT_YET_VALID: { words: "its certificate is not valid yet; look at this machine's clock", untrusted: true },
  ERR_TLS_CERT_ALTNAME_INVALID: { words: 'its certificate is for another name', untrusted: true },
  UND_ERR_PRX_TLS: { words: "the proxy's certificate is for another name", untrusted: true },
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** What a failure without an answer means. */
export function classifyFailure(code: string | undefined, message: string): Fault {
  const fault = FAULTS[code ?? ''];
  // What OpenSSL writes is a chain of its own numbers and file names.
  const isOpenssl = /:error:|SSL routines|OPENSSL_/.test(message);
  const said = isOpenssl ? (code ?? '') : message;
  if (fault === undefined) return { words: isOpenssl ? `TLS failed (${said === '' ? 'no code' : said})` : message };
  return { ...fault, words: said === '' ? fault.words : `${fault.words} (${said})` };
}

/** Whether a text looks like a page for people. */
export function isHtml(text: string): boolean {
  return /^\s*(?:<!--[\s\S]*?-->\s*)?<(?:!doctype\s+html|html)\b/i.test(text);
}

function describeText(text: string): string {
  if (isHtml(text)) return 'with a web page';
  return text.trim() === '' ? 'with nothing' : `with ${JSON.stringify(text.trim().slice(0, 80))}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
