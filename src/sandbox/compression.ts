// Answers are compressed when the caller accepts that, as by the real server's flask-compress.
import { gzipSync } from 'node:zlib';

/** Shorter ones are not worth it, and stay as they are. */
const MIN_BYTES = 500;

/** The body as it is sent, and the headers that tell how. */
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
