// The pages of the HTTP server, by their paths.
import type { App } from '../assembly/app.ts';
import type { Monitor } from '../daemon/monitor/monitor.ts';
import { createMetrics } from './metrics.ts';
import { healthReply } from './health-pages.ts';
import type { Reply, Routes, WebRequest } from './http-server.ts';

export interface OpenRoutes extends Routes {
  close(): void;
}

type Page = (request: WebRequest) => Reply | Promise<Reply>;

export function createRoutes(_app: App, monitor: Monitor): Promise<OpenRoutes> {
  const metrics = createMetrics(monitor);
  const pages: Readonly<Record<string, Page>> = {
    '/healthz': () => healthReply(monitor, 'live'),
    '/metrics': ({ accept }) => metrics.scrape(accept),
    '/readyz': () => healthReply(monitor, 'ready'),
  };
  return Promise.resolve({
    reply: async (request) => (Object.hasOwn(pages, request.path) ? pages[request.path]?.(request) : undefined),
    stream: () => false,
    close: () => undefined,
  });
}
