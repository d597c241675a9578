// Where the ClearML server is, who we are there, and how the way to it looks: what this room is told by the configuration.

export interface ApiSettings {
  /** `api.api_server`, e.g. `https://api.clear.ml` or `http://host:8008`. */
  readonly apiServer: string;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /** `CLEARML_AUTH_TOKEN`: replaces the two keys. */
  readonly authToken?: string | undefined;
  /** `api.verify_certificate`: the path of a CA file stands for "yes, by this one". */
  readonly verifyCertificate: boolean | string;
  /** `REQUESTS_CA_BUNDLE` and its like: counts only where `verifyCertificate` is plain true, as in Python's requests. */
  readonly caFile?: string | undefined;
  /** `http_proxy`: for an `http://` server only. A proxy without a scheme is an `http://` one. */
  readonly httpProxy?: string | undefined;
  /** `https_proxy`: for an `https://` server only. */
  readonly httpsProxy?: string | undefined;
  /** `no_proxy`: hosts and domains separated by commas, or `*`. */
  readonly noProxy?: string | undefined;
}

/** How long a call may take before its caller hears of it. All in milliseconds. */
export interface Timeouts {
  /** For one attempt, from the first step of connecting to the last byte of the answer. */
  readonly attemptMs: number;
  /** After this much no further attempt is begun. */
  readonly retryMs: number;
  /** Before the second attempt; doubled for each further one, up to the longest. Both are lengthened by chance, up to twofold. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  attemptMs: 30_000,
  retryMs: 30_000,
  firstPauseMs: 500,
  longestPauseMs: 8_000,
};
