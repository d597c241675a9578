// The pages and files of the HTTP server, by their paths.
import { createHash } from 'node:crypto';
import { elapsedMs } from '../base/past-time.ts';
import type { App } from '../assembly/app.ts';
import { systemClock } from '../base/clock.ts';
import { readVersion } from '../base/installation.ts';
import type { Monitor } from '../daemon/monitor/monitor.ts';
import { createAttemptLog } from './pages/read-recent-attempts.ts';
import type { Site } from './pages/page-frame.ts';
import { HTML, type Reply, type Routes, type WebRequest } from './http-server.ts';
import { createLive } from './pages/live-updates.ts';
import { createMetrics } from './metrics/collect-metrics.ts';
import { createOverviewReader, parseFilter, readTimes } from './pages/read-overview.ts';
import { overviewPage } from './pages/overview-page.ts';
import { createPartsRenderer, type Parts } from './pages/overview-parts.ts';
import { makePlots, RANGES, type Plots, type Range } from './pages/plot-series.ts';
import { queryOf, type Shown } from './pages/status-tables.ts';
import { createTaskPages } from './pages/task-page.ts';

export interface OpenRoutes extends Routes {
  close(): void;
}

type Page = (request: WebRequest) => Reply | Promise<Reply | undefined>;

const JSON_TYPE = 'application/json; charset=utf-8';
/** All open pages share the plots; those of a day hardly change sooner. */
const PLOTS_MS = 10_000;
const TASK_PATH = /^\/task\/([\w%.-]{1,200})$/;

export function createRoutes(app: App, monitor: Monitor): OpenRoutes {
  const now = (): number => systemClock.now();
  const site: Site = {
    version: readVersion(),
    hostName: app.context.hostName,
    webServer: app.config.settings.api.webServer,
    assetsMark: ASSETS_MARK,
  };
  const metrics = createMetrics(monitor);
  const log = createAttemptLog(monitor, now);
  const live = createLive(monitor);
  const openOverview = createOverviewReader(monitor, log);
  const tasks = createTaskPages(app, monitor, site, now);
  const plots = new Map<Range, { readonly at: number; readonly made: Plots }>();

  async function plotsOf(range: Range): Promise<Plots> {
    const known = plots.get(range);
    if (known !== undefined && elapsedMs(known.at, now()) < PLOTS_MS) return known.made;
    const made = makePlots(await readTimes(monitor, log), range, now());
    plots.set(range, { at: now(), made });
    return made;
  }

  const overview = async ({ query }: WebRequest): Promise<Reply> => {
    const shown = parseShown(query);
    const seen = await openOverview(shown.filter)(now());
    return { status: 200, type: HTML, body: overviewPage(site, seen, await plotsOf(shown.range), shown) };
  };

  function createRender(shown: Shown): () => Promise<Parts> {
    const read = openOverview(shown.filter);
    const render = createPartsRenderer(site, shown);
    return async () => render(await read(now()));
  }

  const pages: Readonly<Record<string, Page>> = {
    '/': overview,
    '/healthz': () => healthReply(monitor, 'live'),
    '/readyz': () => healthReply(monitor, 'ready'),
    '/metrics': ({ accept }) => metrics.scrape(accept),
    '/plots.json': async ({ query }) => ({
      status: 200,
      type: JSON_TYPE,
      body: JSON.stringify(await plotsOf(parseShown(query).range)),
    }),
  };

  return {
    async reply(request) {
      const { path, query } = request;
      if (Object.hasOwn(pages, path)) return pages[path]?.(request);
      const [, task] = TASK_PATH.exec(path) ?? [];
      if (task === undefined) return assetReply(path);
      const body = await tasks.page(task, query.get('show'));
      return body === undefined ? undefined : { status: 200, type: HTML, body };
    },
    stream({ path, query }, open) {
      if (path !== '/events') return false;
      const shown = parseShown(query);
      return live.add(queryOf(shown.filter, shown.range), open, () => createRender(shown));
    },
    close: () => live.close(),
  };
}

function parseShown(query: URLSearchParams): Shown {
  const range = query.get('range') ?? '';
  return { filter: parseFilter(query), range: Object.hasOwn(RANGES, range) ? (range as Range) : '24h' };
}

/** `live`: 503 only if a restart would help. `ready`: 503 if tasks of a cluster are not claimed, submitted or tracked. */
function healthReply(monitor: Monitor, question: 'live' | 'ready'): Reply {
  const all = monitor.clusters().map((cluster) => ({ label: cluster.label(), ...cluster.health() }));
  const isWell = all.length > 0 && all.every(({ isLive, isReady }) => (question === 'live' ? isLive : isReady));
  // A daemon that is still starting is alive.
  const isOk = isWell || (question === 'live' && all.length === 0);
  const document = {
    status: isOk ? 'ok' : 'unavailable',
    problems: all.flatMap(({ label, problems }) =>
      problems.map((problem) => (all.length > 1 ? `Cluster ${label}: ${problem}` : problem)),
    ),
    clusters: all.map(({ cluster, phase, isLive, isReady, lagMs, passMs, journalError, ...times }) => ({
      cluster: cluster ?? null,
      phase,
      live: isLive,
      ready: isReady,
      lastClearmlResponse: isoTime(times.clearmlOkAt),
      lastSlurmResponse: isoTime(times.slurmOkAt),
      lastGoodPoll: isoTime(times.passOkAt),
      lastPassSeconds: passMs === undefined ? null : passMs / 1000,
      loopLagSeconds: lagMs / 1000,
      journalWritable: journalError === undefined,
    })),
  };
  return { status: isOk ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify(document, undefined, 2)}\n` };
}

function isoTime(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}

/** Set by the build, as JSON; without a build, the pages have neither script nor styles. */
declare const WEB_FILES: string | undefined;

const FILES: Readonly<Record<string, string>> =
  typeof WEB_FILES === 'undefined' ? {} : (JSON.parse(WEB_FILES) as Readonly<Record<string, string>>);

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2f6f9f"/><path d="M3 11h4V7h4V4h2v5H9v4H3z" fill="#fff"/></svg>';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Changes whenever a file changes. */
const ASSETS_MARK = createHash('sha256').update(JSON.stringify(FILES)).digest('hex').slice(0, 12);

function assetReply(path: string): Reply | undefined {
  // Browsers ask for the second where a page names no icon.
  const name = path === '/favicon.ico' ? 'icon.svg' : path.slice(1);
  const body = name === 'icon.svg' ? ICON : Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  if (body === undefined || type === undefined) return undefined;
  return { status: 200, type, body, headers: { 'Cache-Control': 'private, max-age=31536000, immutable' } };
}
