// A TCP link that a test can cut at any byte, stall half-open, slow down, and restore.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpLink {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** Connections so far. */
  count(): number;
  /** Bytes that came back from the target so far. */
  answeredBytes(): number;
  /** Ends all connections at once. */
  cut(): void;
  /** Ends the connection that carries the byte after so many more bytes, in either direction. */
  cutAfter(bytes: number): void;
  /** How often `cutAfter` has ended one so far. */
  cutCount(): number;
  /** Ends all connections, and every new one at once. */
  refuse(): void;
  /** Drops everything without an error, like a firewall that forgets a connection. */
  stall(): void;
  /** Cuts no more, and lets new connections through; what was stalled stays so. */
  mend(): void;
  /** Each piece is that late, and comes together with what followed it meanwhile. */
  delay(byMs: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startLink(target: number): Promise<TcpLink> {
  const open = new Set<Socket>();
  let connections = 0;
  let answered = 0;
  let budget = Infinity;
  let cuts = 0;
  let isRefusing = false;
  let isStalled = false;
  let delayMs = 0;

  function cut(): void {
    for (const socket of open) socket.destroy();
  }

  function keep(socket: Socket, isDead: () => boolean): Socket {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => open.delete(socket));
    // A reset is what these connections are for: the other side hears of it by `close`.
    socket.on('error', () => isDead());
    return socket;
  }

  async function forwardBytes(
    from: Socket,
    to: Socket,
    isDead: () => boolean,
    count: (bytes: number) => void,
  ): Promise<void> {
    for await (const first of from as AsyncIterable<Buffer>) {
      if (isDead()) continue;
      if (delayMs > 0) await sleep(delayMs);
      const piece = Buffer.concat([first, (from.read() as Buffer | null) ?? Buffer.alloc(0)]);
      const part = piece.subarray(0, budget);
      count(part.length);
      budget -= part.length;
      if (budget > 0) {
        to.write(part);
      } else {
        budget = Infinity;
        cuts += 1;
        to.write(part, () => {
          from.destroy();
          to.destroy();
        });
        return;
      }
    }
    if (!isDead()) to.end();
  }

  let generation = 0;
  const server = createServer((client) => {
    if (isRefusing) {
      client.destroy();
      return;
    }
    connections += 1;
    const born = generation;
    const isDead = (): boolean => isStalled || born !== generation;
    const far = connect(target, '127.0.0.1');
    keep(client, isDead);
    keep(far, isDead);
    forwardBytes(client, far, isDead, () => undefined).catch(() => far.destroy());
    forwardBytes(far, client, isDead, (bytes) => (answered += bytes)).catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the link does not listen on a port');

  return {
    port: address.port,
    count: () => connections,
    answeredBytes: () => answered,
    cut,
    cutAfter(bytes) {
      budget = bytes;
    },
    cutCount: () => cuts,
    refuse() {
      isRefusing = true;
      cut();
    },
    stall() {
      isStalled = true;
    },
    mend() {
      if (isStalled) generation += 1;
      isStalled = false;
      isRefusing = false;
      budget = Infinity;
    },
    delay(byMs) {
      delayMs = byMs;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
