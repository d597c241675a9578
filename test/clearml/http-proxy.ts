// A small HTTP proxy for tests: passes plain requests on, opens tunnels, and remembers what it was asked for.
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { closeServer, listen } from './scripted-server.ts';

export interface Proxy {
  readonly port: number;
  /** `GET http://…` for each plain request, `CONNECT host:port` for each tunnel. */
  readonly asked: readonly string[];
  /** The Proxy-Authorization header of each. */
  readonly authorizations: readonly (string | undefined)[];
  /** From now on this status is answered to everything, instead of doing it. */
  refuseWith(status: number): void;
  close(): Promise<void>;
}

export async function startProxy(): Promise<Proxy> {
  let refusal: number | undefined;
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const tunnels = new Set<Duplex>();
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method ?? ''} ${incoming.url ?? ''}`);
    authorizations.push(incoming.headers['proxy-authorization']);
    if (refusal === undefined) passOn(incoming, outgoing);
    else outgoing.writeHead(refusal, { 'content-type': 'text/html' }).end('<html>no</html>');
  });

  server.on('connect', (incoming: IncomingMessage, client: Duplex) => {
    asked.push(`CONNECT ${incoming.url ?? ''}`);
    authorizations.push(incoming.headers['proxy-authorization']);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host, port] = (incoming.url ?? '').split(':');
    const upstream = connect(Number(port), host ?? '', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const end of [client, upstream]) {
      tunnels.add(end);
      end.on('error', () => end.destroy());
    }
  });

  const port = await listen(server);
  return {
    port,
    asked,
    authorizations,
    refuseWith(status) {
      refusal = status;
    },
    async close() {
      for (const tunnel of tunnels) tunnel.destroy();
      await closeServer(server);
    },
  };
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url = '' } = incoming;
  const onward = request(url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(onward);
}
