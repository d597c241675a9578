// A transport whose commands have the deadline of a test: those of the program are too short for a machine that is very busy.
import type { Transport } from '../../src/transport/transport.ts';
import { TIMEOUT_MS } from '../support/wait-until.ts';

export function patient(host: Transport): Transport {
  return { ...host, run: (command) => host.run({ ...command, timeoutMs: TIMEOUT_MS }) };
}
