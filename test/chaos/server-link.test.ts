// A link fails as requested, and is repaired.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../support/loopback-port.ts';
import { rejection } from '../support/rejection.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startLink, type Link } from './server-link.ts';

interface Bench extends AsyncDisposable {
  readonly link: Link;
  /** Asks the server through the link. */
  ask(): Promise<string>;
  /** How many calls have reached the server. */
  calls(): number;
}

async function startBench(): Promise<Bench> {
  const [port = 0, serverPort = 0] = await freePorts(2);
  let calls = 0;
  const server = createServer((_, response) => {
    calls += 1;
    response.end('well');
  });
  server.listen(serverPort, '127.0.0.1');
  await once(server, 'listening');
  const link = await startLink(port, serverPort);
  return {
    link,
    ask: async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text(),
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      await link.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the simulated connection to the ClearML server', () => {
  it('passes calls and responses', async () => {
    await using bench = await startBench();
    expect(await bench.ask()).to.equal('well');
  });

  it('passes no call while cut', async () => {
    await using bench = await startBench();
    bench.link.break('cut');
    await rejection(bench.ask());
    expect(bench.calls()).to.equal(0);

    bench.link.mend();
    expect(await bench.ask()).to.equal('well');
  });

  it('passes calls but drops responses in the mode "answers lost"', async () => {
    await using bench = await startBench();
    bench.link.break('answers lost');
    await rejection(bench.ask());
    expect(bench.calls()).to.equal(1);
  });

  it('holds all calls while silent, and drops these calls when repaired', async () => {
    await using bench = await startBench();
    bench.link.break('silent');
    const asked = rejection(bench.ask());
    expect(await Promise.race([asked, sleep(200, 'nothing')])).to.equal('nothing');
    await waitUntil('the call to reach the link', () => bench.link.openCount() > 0);

    bench.link.mend();
    await asked;
    expect(bench.calls()).to.equal(0);
  });

  it('delays responses while slow', async () => {
    await using bench = await startBench();
    bench.link.break('slow');
    const askedAt = performance.now();
    expect(await bench.ask()).to.equal('well');
    expect(performance.now() - askedAt).to.be.above(1_000);
  });
});
