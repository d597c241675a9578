// A TCP proxy for slurmctld that delays, drops or truncates responses, so that a command fails although it was executed.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What happens to a call. In all of these but `refuse` the controller gets the whole request and obeys it. */
export type Fault =
  | { readonly kind: 'delay-answers'; readonly byMs: number }
  /** The response never arrives: after its MessageTimeout the command says "Socket timed out on send/recv operation". */
  | { readonly kind: 'drop-answers' }
  /** The connection ends before the response. */
  | { readonly kind: 'cut-answers' }
  /** The connection ends before the request went through. */
  | { readonly kind: 'refuse' };

export interface Breakage {
  readonly fault: Fault;
  /** Breaks only sbatch's submissions; every call when left out. */
  readonly only?: 'submissions';
  /** After so many broken calls it mends itself; never when left out. */
  readonly times?: number;
}

export interface DelayingProxy {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** How many calls came through so far, broken ones too. */
  callCount(): number;
  break(breakage: Breakage): void;
  mend(): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** REQUEST_SUBMIT_BATCH_JOB in Slurm's src/common/slurm_protocol_defs.h. */
const SUBMIT_REQUEST = 4003;
/**
 * Length (4 bytes), protocol version (2), flags (2), message type (2): Slurm's src/common/slurm_protocol_pack.c. Before 21.08,
 * whose protocol is 0x2500, a message index (2) stands before the type.
 */
const VERSION_OFFSET = 4;
const TYPE_OFFSET = 8;
const HEADER_LENGTH = 12;

/** Starts it on a free port; without a breakage it only passes bytes on. */
export async function startDelayingProxy(controllerPort: number): Promise<DelayingProxy> {
  let breakage: Breakage | undefined;
  let broken = 0;
  let calls = 0;
  const open = new Set<Socket>();

  function faultFor(header: Buffer): Fault | undefined {
    if (breakage === undefined || broken >= (breakage.times ?? Infinity)) return undefined;
    if (breakage.only === 'submissions' && messageType(header) !== SUBMIT_REQUEST) return undefined;
    broken += 1;
    return breakage.fault;
  }

  function keep(socket: Socket): Socket {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A reset is what these connections are for: the other side hears of it by `close`.
    socket.on('error', () => undefined);
    return socket;
  }

  const server = createServer((client) => {
    onHeader(keep(client), (header) => {
      calls += 1;
      const fault = faultFor(header);
      if (fault?.kind === 'refuse') {
        client.destroy();
        return;
      }
      const controller = keep(connect(controllerPort, '127.0.0.1'));
      controller.write(header);
      client.pipe(controller);
      controller.on('close', () => fault?.kind !== 'drop-answers' && client.end());
      client.on('close', () => controller.end());
      answer(controller, client, fault);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function stop(): Promise<void> {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  return {
    port: portOf(server.address()),
    callCount: () => calls,
    break(next) {
      breakage = next;
      broken = 0;
    },
    mend() {
      breakage = undefined;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function messageType(header: Buffer): number {
  const indexLength = header.readUInt16BE(VERSION_OFFSET) < 0x2500 ? 2 : 0;
  return header.readUInt16BE(TYPE_OFFSET + indexLength);
}

/** Slurm sends the length separately, so the header may arrive in two pieces; less than a header is not a request. */
function onHeader(client: Socket, then: (header: Buffer) => void): void {
  client.on('readable', function look() {
    const header: unknown = client.read(HEADER_LENGTH);
    if (!Buffer.isBuffer(header)) return;
    client.off('readable', look);
    if (header.length === HEADER_LENGTH) then(header);
  });
}

function answer(controller: Socket, client: Socket, fault: Fault | undefined): void {
  if (fault?.kind === 'drop-answers') {
    controller.resume();
  } else if (fault?.kind === 'cut-answers') {
    controller.once('data', () => client.destroy());
  } else if (fault?.kind === 'delay-answers') {
    controller.once('readable', () => setTimeout(() => controller.pipe(client), fault.byMs));
  } else {
    controller.pipe(client);
  }
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new TypeError('the proxy does not listen on a port');
  return address.port;
}
