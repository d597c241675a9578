// Settings of the connection to the ClearML server, and their risks, which the daemon logs at start-up and doctor reports.

export interface ConnectionSettings {
  /** `api.api_server`, e.g. `https://api.clear.ml` or `http://host:8008`. */
  readonly apiServer: string;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /** `CLEARML_AUTH_TOKEN`, in place of the two keys. */
  readonly authToken?: string | undefined;
  /** `api.verify_certificate`: the path of a CA file means "yes, with this CA". */
  readonly verifyCertificate: boolean | string;
  /** `REQUESTS_CA_BUNDLE` and the like: used only if `verifyCertificate` is true, as in Python's requests. */
  readonly caFile?: string | undefined;
  /** `http_proxy`, for an `http://` server only. The default scheme is `http://`. */
  readonly httpProxy?: string | undefined;
  /** `https_proxy`, for an `https://` server only. */
  readonly httpsProxy?: string | undefined;
  /** `no_proxy`: hosts, domains and networks separated by commas, or `*`. */
  readonly noProxy?: string | undefined;
}

/** Timeouts of a call, in milliseconds. */
export interface Timeouts {
  /** For one attempt, from connecting to the last byte of the response. */
  readonly attemptMs: number;
  /** No attempt starts later than this. */
  readonly retryMs: number;
  /** Backoff before the second attempt, doubled for each further one up to `maxBackoffMs`. Jitter may double either. */
  readonly firstBackoffMs: number;
  readonly maxBackoffMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  attemptMs: 30_000,
  retryMs: 30_000,
  firstBackoffMs: 500,
  maxBackoffMs: 8_000,
};

/** One message each, without a full stop; none for a safe connection. */
export function describeRisks({
  apiServer,
  verifyCertificate,
}: Pick<ConnectionSettings, 'apiServer' | 'verifyCertificate'>): string[] {
  const url = URL.canParse(apiServer) ? new URL(apiServer) : undefined;
  if (url === undefined) return [];
  if (url.protocol === 'http:')
    return isLoopback(url.hostname)
      ? []
      : [`${url.origin} is not encrypted: an attacker on the network can read the keys and change what jobs run`];
  if (verifyCertificate !== false || isLoopback(url.hostname)) return [];
  return ['api.verify_certificate is false: an attacker on the network can pose as the server and get the keys'];
}

function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d+){3}|\[::1\]|localhost|.+\.localhost)$/.test(host);
}
