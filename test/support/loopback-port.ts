// Loopback: free ports for daemons that can't be told to pick one themselves, whether somebody listens, and who is there by name.
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Ports below the range from which the kernel hands out ports for outgoing connections: one picked from that range
 * could be taken by any client between now and the daemon's start.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** That many different ports on 127.0.0.1, free at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whether this host name stands for 127.0.0.1 on this machine. */
export async function isLoopback(name: string): Promise<boolean> {
  const found = await lookup(name, { family: 4 }).catch(() => undefined);
  return found?.address === '127.0.0.1';
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
