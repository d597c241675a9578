// The pages of the HTTP server, by their paths.
import { elapsedMs } from '../base/past-time.ts';
import type { App } from '../assembly/app.ts';
import { systemClock } from '../base/clock.ts';
import { readVersion } from '../base/installation.ts';
import type { Monitor } from '../daemon/monitor/monitor.ts';
import { assetReply, ASSETS_MARK } from './browser-assets.ts';
import { createAttemptLog } from './pages/read-recent-attempts.ts';
import type { Site } from './pages/page-frame.ts';
import { healthReply } from './healthz-and-readyz.ts';
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
      type: 'application/json; charset=utf-8',
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
