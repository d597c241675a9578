// Opens the transport of this machine as the SSH code and the checks of files use it.
import { createLocalTransport } from '../../src/transport/local-transport.ts';
import type { Transport } from '../../src/transport/transport.ts';

export function openLocalTransport(path = '/usr/bin:/bin'): Transport {
  return createLocalTransport({ path, home: '/', user: 'root', workingDirectory: '/' });
}
