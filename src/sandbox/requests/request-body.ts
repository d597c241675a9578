// Reads the body of a request before authentication, with limits for one request and for all together.
import type { IncomingMessage, ServerResponse } from 'node:http';

const MIB = 1024 * 1024;
/** MongoDB's limit of a document is 16 MiB, and clients send events in batches of one. */
const MOST_BYTES = 20 * MIB;
/** Of all requests that are being read. */
const MOST_BYTES_AT_ONCE = 200 * MIB;
/** How long the rest of a rejected body is read and dropped, so that the response is not lost with the connection. */
const LINGER_MS = 5_000;

/** `gone`: the client closed the connection. */
export type ReadBody = (request: IncomingMessage) => Promise<Buffer | 'gone' | 'too large'>;

export function createBodyReader(): ReadBody {
  let bytesInMemory = 0;

  return (request) =>
    new Promise((resolve) => {
      let chunks: Buffer[] = [];
      let size = 0;
      let isTooLarge = Number(request.headers['content-length'] ?? 0) > MOST_BYTES;

      function settle(outcome: Buffer | 'gone' | 'too large'): void {
        bytesInMemory -= size;
        size = 0;
        chunks = [];
        resolve(outcome);
      }

      request.on('data', (chunk: Buffer) => {
        if (isTooLarge) return;
        size += chunk.length;
        bytesInMemory += chunk.length;
        isTooLarge = size > MOST_BYTES || bytesInMemory > MOST_BYTES_AT_ONCE;
        if (isTooLarge) settle('too large');
        else chunks.push(chunk);
      });
      request.once('end', () => isTooLarge || settle(Buffer.concat(chunks)));
      request.once('close', () => settle('gone'));
      if (isTooLarge) settle('too large');
    });
}

/** Responds with 413, like a proxy, and closes the connection. */
export function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  const page = '<html><head><title>413 Request Entity Too Large</title></head></html>\n';
  response.writeHead(413, { 'Content-Type': 'text/html', 'Content-Length': page.length, Connection: 'close' });
  response.write(page);
  const end = (): void => void response.end();
  const timer = setTimeout(end, LINGER_MS);
  request.once('close', () => clearTimeout(timer));
  request.once('end', end);
  request.resume();
}
