// The body of a request, read before anybody knows who sends it: so much of it at most, of one request and of all together.
import type { IncomingMessage, ServerResponse } from 'node:http';

const MIB = 1024 * 1024;
/** MongoDB takes no larger document than 16 MiB, and clients send events in batches of one. */
const MOST_BYTES = 20 * MIB;
/** Of all requests under way. */
const MOST_BYTES_AT_ONCE = 200 * MIB;
/** For so long the rest of a refused body is read and dropped, so that the answer is not lost with the connection. */
const LINGER_MS = 5_000;

/** `gone`: the client went away in the middle, and there is nobody to answer. */
export type ReadBody = (request: IncomingMessage) => Promise<Buffer | 'gone' | 'too large'>;

export function createBodyReader(): ReadBody {
  let underWay = 0;

  return (request) =>
    new Promise((resolve) => {
      let chunks: Buffer[] = [];
      let size = 0;
      let isTooLarge = Number(request.headers['content-length'] ?? 0) > MOST_BYTES;

      function settle(outcome: Buffer | 'gone' | 'too large'): void {
        underWay -= size;
        size = 0;
        chunks = [];
        resolve(outcome);
      }

      request.on('data', (chunk: Buffer) => {
        if (isTooLarge) return;
        size += chunk.length;
        underWay += chunk.length;
        isTooLarge = size > MOST_BYTES || underWay > MOST_BYTES_AT_ONCE;
        if (isTooLarge) settle('too large');
        else chunks.push(chunk);
      });
      request.once('end', () => isTooLarge || settle(Buffer.concat(chunks)));
      request.once('close', () => settle('gone'));
      if (isTooLarge) settle('too large');
    });
}

/** Answers 413 as a proxy in front of a real server does, and ends the connection. */
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
