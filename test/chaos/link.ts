// A link that breaks: a TCP proxy between a client and the ClearML server.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * `cut`: connections end, and no new one is accepted. `answers lost`: calls arrive and are carried out, and the connection ends
 * where the response should begin. `silent`: nothing arrives any more, without an error. `slow`: responses come late.
 */
export const LINK_FAULTS = ['cut', 'answers lost', 'silent', 'slow'] as const;
export type LinkFault = (typeof LINK_FAULTS)[number];

export interface Link {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  break(kind: LinkFault): void;
  mend(): void;
  stop(): Promise<void>;
}

const SLOW_MS = 1_500;

/** Starts it on this port, in front of the other. */
export async function startLink(port: number, serverPort: number): Promise<Link> {
  let fault: LinkFault | undefined;
  const open = new Set<Socket>();

  function keep(socket: Socket): Socket {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A reset is what a link is cut for: the other side hears of it by `close`.
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
    break(kind) {
      fault = kind;
      if (kind === 'cut') endAll();
    },
    mend() {
      // Swallowed bytes never come: what waits for them has to start again.
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
