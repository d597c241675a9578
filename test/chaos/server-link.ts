// A TCP proxy between a client and the ClearML server, with faults.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * `cut`: connections end, and new ones are refused. `answers lost`: calls arrive and are executed, and the connection ends instead of
 * the response. `silent`: nothing arrives, without an error. `slow`: responses are delayed.
 */
export const LINK_FAULTS = ['cut', 'answers lost', 'silent', 'slow'] as const;
export type LinkFault = (typeof LINK_FAULTS)[number];

export interface Link {
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** The number of sockets, of both sides. */
  openCount(): number;
  break(kind: LinkFault): void;
  mend(): void;
  stop(): Promise<void>;
}

const SLOW_MS = 1_500;

/** Starts a link on `port` that forwards to `serverPort`. */
export async function startLink(port: number, serverPort: number): Promise<Link> {
  let fault: LinkFault | undefined;
  const open = new Set<Socket>();

  function keep(socket: Socket): Socket {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // Resets are expected here; `close` informs the other side.
    socket.on('error', () => undefined);
    return socket;
  }

  function endAll(): void {
    for (const socket of open) socket.destroy();
  }

  const server = createServer((client) => {
    keep(client);
    if (fault === 'cut') {
      client.destroy();
      return;
    }
    const far = keep(connect(serverPort, '127.0.0.1'));
    client.on('data', (chunk) => {
      if (fault !== 'silent') far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (fault === 'answers lost') client.destroy();
      else if (fault === 'slow') setTimeout(() => client.write(chunk), SLOW_MS);
      else if (fault !== 'silent') client.write(chunk);
    });
    client.on('close', () => far.destroy());
    // Wait for a delayed answer to reach the client.
    far.on('close', () => setTimeout(() => client.end(), fault === 'slow' ? SLOW_MS : 0));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    port,
    openCount: () => open.size,
    break(kind) {
      fault = kind;
      if (kind === 'cut') endAll();
    },
    mend() {
      // Discarded bytes never arrive, so clients must connect again.
      if (fault === 'silent') endAll();
      fault = undefined;
    },
    async stop() {
      endAll();
      server.close();
      await once(server, 'close');
    },
  };
}
