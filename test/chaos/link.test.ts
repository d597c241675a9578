// The links of chaos break in the ways that they say, and mend.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../support/loopback-port.ts';
import { rejection } from '../support/rejection.ts';
import { startLink, type Link } from './link.ts';

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

describe('a link of chaos', () => {
  it('passes calls on', async () => {
    await using bench = await startBench();
    expect(await bench.ask()).to.equal('well');
  });

  it('that is cut lets no call arrive, and lets them through again once it is mended', async () => {
    await using bench = await startBench();
    bench.link.break('cut');
    await rejection(bench.ask());
    expect(bench.calls()).to.equal(0);

    bench.link.mend();
    expect(await bench.ask()).to.equal('well');
  });

  it('that loses answers lets calls arrive, and their answers not', async () => {
    await using bench = await startBench();
    bench.link.break('answers lost');
    await rejection(bench.ask());
    expect(bench.calls()).to.equal(1);
  });

  it('that is silent keeps its callers waiting until it is mended', async () => {
    await using bench = await startBench();
    bench.link.break('silent');
    const asked = rejection(bench.ask());
    expect(await Promise.race([asked, sleep(200, 'nothing')])).to.equal('nothing');

    bench.link.mend();
    await asked;
    expect(bench.calls()).to.equal(0);
  });

  it('that is slow answers late', async () => {
    await using bench = await startBench();
    bench.link.break('slow');
    const askedAt = performance.now();
    expect(await bench.ask()).to.equal('well');
    expect(performance.now() - askedAt).to.be.above(1_000);
  });
});
