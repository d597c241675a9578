// What a daemon sends to systemd with the real systemd-notify, received as systemd does: on a Unix datagram socket.
import { expect } from 'chai';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../support/foreground-daemon.ts';
import { requirePython, requireSlurm, requireSystemdNotify } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

/** Prints each message. Node has no such sockets. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(receiver.recv(4096).decode(), flush=True)
`;

describe('a daemon under systemd', () => {
  before(requireSlurm);
  before(requirePython);
  before(requireSystemdNotify);

  it('sends READY=1 at its start, WATCHDOG=1 regularly, and STOPPING=1 at its end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'notify-'));
    const [socket, logPath] = [join(folder, 'notify'), join(folder, 'messages')];
    const receiver = await startDaemon({ program: 'python3', args: ['-c', RECEIVER, socket], logPath });
    try {
      const messages = async (): Promise<string[]> => (await readFile(logPath, 'utf8')).split('\n');
      await receiver.untilReady(async () => (await messages()).includes('bound'));
      await using world = await startWorld({
        python: false,
        variables: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000' },
      });
      await world.user.makeQueue('gpu');
      const template = await world.write('quick.template', QUICK_TEMPLATE);
      const daemon = world.start('--queue', world.nameOf('gpu'), '--template-files', template);

      await waitUntil('the messages', async () => {
        const seen = await messages();
        return seen.includes('READY=1') && seen.filter((message) => message === 'WATCHDOG=1').length >= 2;
      });
      expect(await messages()).to.not.include('STOPPING=1');
      await world.stop(daemon);
      await waitUntil('the last message', async () => (await messages()).includes('STOPPING=1'));
    } finally {
      await receiver.stop();
      await rm(folder, { recursive: true });
    }
  });
});
