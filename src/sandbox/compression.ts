// Compresses responses if the client accepts it, like flask-compress in the real server.
import { gzipSync } from 'node:zlib';

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
