// Reserves free loopback ports for daemons that cannot choose one, and finds the program that uses a port.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * Ports below the range from which the kernel hands out ports for outgoing connections: one picked from that range
 * could be taken by any client between now and the daemon's start. Also below the ports of tasks on several nodes
 * (templates/partials/master-address.sh.mustache), as their jobs do not know which ports are given here.
 */
const RANGE = { lowest: 20_000, count: 9_000 };

/**
 * That many different ports on 127.0.0.1 on which nobody listens, and which nobody else is given while this process lives: daemons
 * start seconds later on a busy machine, and other tests run beside.
 */
export async function freePorts(count: number, { lowest, count: among } = RANGE): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = lowest + Math.floor(Math.random() * among);
    if (await reserve(port)) found.push(port);
  }
  return found;
}

/** Binds the UDP port of the same number as a lock: the kernel gives it to one process, and frees it when that ends. */
async function reserve(port: number): Promise<boolean> {
  const hold = createSocket('udp4');
  hold.unref();
  hold.bind(port, '127.0.0.1');
  try {
    await once(hold, 'listening');
  } catch {
    hold.close();
    return false;
  }
  if (await isFree(port)) return true;
  hold.close();
  return false;
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

/** Whether this host name resolves to 127.0.0.1 on this machine. */
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
