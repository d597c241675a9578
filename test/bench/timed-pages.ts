// Times passes and pages of a watched daemon, as a program: its argument is JSON, `PagesToTime`. Prints one line of JSON at its end.
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createMonitor } from '../../src/daemon/monitor/monitor.ts';
import type { EventStream } from '../../src/web/http-server.ts';
import { createLive } from '../../src/web/pages/live-updates.ts';
import { createOverviewReader, parseFilter, readTimes } from '../../src/web/pages/read-overview.ts';
import { overviewPage } from '../../src/web/pages/overview-page.ts';
import { createPartsRenderer } from '../../src/web/pages/overview-parts.ts';
import { makePlots } from '../../src/web/pages/plot-series.ts';
import { startDaemon } from '../daemon/run-daemon.ts';
import { createSimulatedClock } from '../simulation/clock.ts';
import { createQuietWorld } from './quiet-world.ts';

export interface PagesToTime {
  readonly jobs: number;
  readonly passes: number;
  /** Undefined if nothing is watched. */
  readonly pages: number | undefined;
  /** How many filters the pages have; those with different filters show different tasks. */
  readonly filters: number;
  /** How many jobs change with each poll. */
  readonly changes: number;
}

export interface TimedPages {
  /** CPU time of each pass, without the update of the pages after it. */
  readonly passMs: readonly number[];
  /** CPU time of each pass and the update of open pages that follows it. */
  readonly wholeMs: readonly number[];
  readonly rssMb: number;
  /** Absent if nothing is watched. */
  readonly pageMs?: readonly number[];
  readonly pageKb?: number;
  /** The largest update that a page was sent. */
  readonly updateKb?: number;
}

/** Until then, the JIT compiler makes passes quicker. */
const WARM_UP = 20;
const SITE = { version: '0', hostName: 'login1', webServer: 'http://clearml', assetsMark: '0' };
const LOG = { read: () => Promise.resolve([]) };

const { jobs, passes, pages, filters, changes } = JSON.parse(process.argv[2] ?? '{}') as PagesToTime;
const clock = createSimulatedClock(Date.now());
const world = createQuietWorld(jobs, clock.of(1), changes);
const monitor = createMonitor(clock);
const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
const daemon = startDaemon(pages === undefined ? world.deps : watched.watch(world.deps));
/** Without a wait: a processor of a virtual machine that was idle for a second is several times slower for the next hundred milliseconds. */
let updatePages = (): Promise<void> => Promise.resolve();
const live = createLive(monitor, (update) => {
  updatePages = update;
  return () => undefined;
});
const openOverview = createOverviewReader(monitor, LOG);
let largest = 0;
await turn();

async function render(): Promise<string> {
  const shown = { filter: parseFilter(new URLSearchParams()), range: '24h' } as const;
  const seen = await openOverview(shown.filter)(clock.now());
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

function openPage(query: string): void {
  const shown = { filter: parseFilter(new URLSearchParams(query)), range: '24h' } as const;
  live.add(
    query,
    () => stream,
    () => {
      const read = openOverview(shown.filter);
      const renderParts = createPartsRenderer(SITE, shown);
      return async () => renderParts(await read(clock.now()));
    },
  );
}

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const passMs: number[] = [];
const wholeMs: number[] = [];
for (let pass = 0; pass < WARM_UP + passes;) {
  const before = process.cpuUsage();
  const callsBefore = world.calls().slurm;
  clock.pass(Math.max(1, (clock.nextWakeAt() ?? Number.NaN) - clock.now()));
  await turn();
  const ms = cpuMs(before);
  if (world.calls().slurm === callsBefore) continue;
  pass += 1;
  await updatePages();
  updatePages = () => Promise.resolve();
  if (pass > WARM_UP) {
    passMs.push(ms);
    wholeMs.push(cpuMs(before));
  }
  if (pass === 1) for (let page = 0; page < (pages ?? 0); page += 1) openPage(`page=${(page % filters) + 1}`);
}
const pageMs: number[] = [];
let page = '';
for (let count = 0; pages !== undefined && count < 10; count += 1) {
  const began = performance.now();
  page = await render();
  pageMs.push(performance.now() - began);
  await turn();
}
// As between two polls: without passes, V8 returns what garbage has occupied.
globalThis.gc?.();
await sleep(3_000);
const timed: TimedPages = {
  passMs,
  wholeMs,
  rssMb: process.memoryUsage().rss / 1e6,
  ...(pages === undefined ? {} : { pageMs, pageKb: Buffer.byteLength(page) / 1e3, updateKb: largest / 1e3 }),
};
process.stdout.write(`${JSON.stringify(timed)}\n`);
live.close();
daemon.stop();
await turn();
clock.pass(60_000);
await daemon.ended;
