// The ssh2 transport over a long time: thousands of commands on one connection, and a day without commands.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHostKeyCheck } from '../../../src/transport/host-keys/check-host-key.ts';
import type { SshTransport } from '../../../src/transport/remote-transport.ts';
import { createSsh2Transport } from '../../../src/transport/ssh2/ssh2-transport.ts';
import { openLocalTransport } from '../../support/local-transport.ts';
import { targetOf, useSshd } from '../../support/sshd.ts';
import { startLink, type TcpLink } from '../../support/faulty-tcp-link.ts';
import { TIMEOUT_MS, waitUntil } from '../../support/wait-until.ts';
import { holdIntervals } from '../held-intervals.ts';

/** SSH_COMMANDS=10000 for the long run. */
const COMMANDS = Number(process.env['SSH_COMMANDS'] ?? 600);
const AT_ONCE = 6;
/** Other growth of the heap, such as compiled code, happens in some of these; a leaked text of each command in all. */
const BATCHES = 4;
const TEXT_BYTES = 2_000;

describe('the ssh2 transport', () => {
  const used = useSshd();
  let link: TcpLink;
  let host: SshTransport;

  before(async () => {
    link = await startLink(used.sshd.port);
  });

  beforeEach(() => {
    host = createSsh2Transport({
      target: targetOf(used.sshd, used.account, { port: link.port }),
      here: openLocalTransport(),
      context: {},
      hostKeysOf: createHostKeyCheck,
    });
  });

  afterEach(() => host.close());

  after(async () => {
    await link[Symbol.asyncDispose]();
  });

  async function runMany(count: number): Promise<void> {
    let left = count;
    async function worker(): Promise<void> {
      for (; left > 0; left -= 1) {
        const stdin = 'x'.repeat(TEXT_BYTES);
        const { stdout } = await host.run({ program: 'cat', args: [], stdin, timeoutMs: TIMEOUT_MS });
        expect(stdout.length).to.equal(stdin.length);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  it(`does not accumulate memory, descriptors or logins over ${String(COMMANDS)} commands`, async () => {
    await runMany(200);
    const before = await use();
    let last = before;
    const grown: number[] = [];
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await runMany(COMMANDS / BATCHES);
      const now = await use();
      grown.push(now.heapBytes - last.heapBytes);
      last = now;
    }

    expect(last.descriptors).to.be.at.most(before.descriptors);
    expect(Math.min(...grown), `growth of the heap: ${grown.join(', ')}`).to.be.below(
      (COMMANDS / BATCHES) * TEXT_BYTES,
    );
    expect(host.loginCount()).to.equal(1);
    expect(used.sshd.loginCount()).to.equal(1);
  });

  it('keeps its connection open for a day without commands', async () => {
    const intervals = holdIntervals();
    try {
      await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS });
      for (let elapsed = 0; elapsed < 86_400_000; elapsed += 15_000) {
        const before = link.answeredBytes();
        intervals.passOnce();
        await waitUntil('an answer', () => link.answeredBytes() > before, { everyMs: 0 });
      }
      expect(await host.run({ program: 'true', args: [], timeoutMs: TIMEOUT_MS })).to.include({ exitCode: 0 });
    } finally {
      intervals.release();
    }

    expect(host.loginCount()).to.equal(1);
  });
});

async function use(): Promise<{ readonly descriptors: number; readonly heapBytes: number }> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  // What the first collection has released closes its handles in the next turn.
  await setImmediate();
  collectGarbage();
  return { descriptors: readdirSync('/proc/self/fd').length, heapBytes: process.memoryUsage().heapUsed };
}
