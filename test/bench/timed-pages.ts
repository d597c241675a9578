// Times passes and pages of a watched daemon, as a program: JOBS PASSES PAGES. Prints one line of JSON at its end.
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createMonitor } from '../../src/daemon/monitor/monitor.ts';
import type { EventStream } from '../../src/web/http-server.ts';
import { createLive } from '../../src/web/pages/live-updates.ts';
import { parseFilter, readOverview, readTimes } from '../../src/web/pages/read-overview.ts';
import { overviewPage, overviewParts } from '../../src/web/pages/overview-page.ts';
import { makePlots } from '../../src/web/pages/plot-series.ts';
import { startDaemon } from '../daemon/run-daemon.ts';
import { createSimulatedClock } from '../simulation/clock.ts';
import { createQuietWorld } from './quiet-world.ts';

export interface TimedPages {
  /** CPU time of each pass, without the updates after it. */
  readonly passMs: readonly number[];
  readonly rssMb: number;
  /** Absent with `PAGES` -1, which watches nothing. */
  readonly pageMs?: readonly number[];
  readonly pageKb?: number;
  /** The largest update that a page was sent. */
  readonly updateKb?: number;
}

/** Longer than open pages wait for more changes. */
const UPDATE_MS = 1_200;
const WARM_UP = 3;
const SITE = { version: '0', hostName: 'login1', webServer: 'http://clearml', assetsMark: '0' };
const LOG = { read: () => Promise.resolve([]) };

const [jobs = Number.NaN, passes = Number.NaN, pages = Number.NaN] = process.argv.slice(2).map(Number);
const clock = createSimulatedClock(Date.now());
const world = createQuietWorld(jobs, clock.of(1));
const monitor = createMonitor(clock);
const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
const daemon = startDaemon(pages < 0 ? world.deps : watched.watch(world.deps));
const shown = { filter: parseFilter(new URLSearchParams()), range: '24h' } as const;
const live = createLive(monitor);
let largest = 0;
await turn();

async function render(): Promise<string> {
  const seen = await readOverview(monitor, LOG, shown.filter, clock.now());
  return overviewPage(SITE, seen, makePlots(await readTimes(monitor, LOG), shown.range, clock.now()), shown);
}

const stream: EventStream = {
  send(_event, data) {
    largest = Math.max(largest, data.length);
    return true;
  },
  onClose: () => undefined,
  close: () => undefined,
};

const passMs: number[] = [];
for (let pass = 0; pass < WARM_UP + passes;) {
  if (pass === WARM_UP)
    for (let page = 0; page < pages; page += 1)
      live.add(
        '/',
        () => stream,
        async () => overviewParts(SITE, await readOverview(monitor, LOG, shown.filter, clock.now()), shown),
      );
  const before = process.cpuUsage();
  const callsBefore = world.calls().slurm;
  clock.pass(Math.max(1, (clock.nextWakeAt() ?? Number.NaN) - clock.now()));
  await turn();
  const { user, system } = process.cpuUsage(before);
  if (world.calls().slurm === callsBefore) continue;
  pass += 1;
  if (pass > WARM_UP) passMs.push((user + system) / 1000);
  // In each case, as a processor that was busy with something else makes the next pass slower.
  await sleep(UPDATE_MS);
}
const pageMs: number[] = [];
let page = '';
for (let count = 0; pages >= 0 && count < 10; count += 1) {
  const began = performance.now();
  page = await render();
  pageMs.push(performance.now() - began);
  await turn();
}
const timed: TimedPages = {
  passMs,
  rssMb: process.memoryUsage().rss / 1e6,
  ...(pages < 0 ? {} : { pageMs, pageKb: Buffer.byteLength(page) / 1e3, updateKb: largest / 1e3 }),
};
process.stdout.write(`${JSON.stringify(timed)}\n`);
live.close();
daemon.stop();
await turn();
clock.pass(60_000);
await daemon.ended;
