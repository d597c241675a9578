// The pages of the HTTP server, by their paths.
import type { App } from '../assembly/app.ts';
import type { Monitor } from '../daemon/monitor/monitor.ts';
import { healthReply } from './health-pages.ts';
import type { Reply, Routes } from './http-server.ts';

export interface OpenRoutes extends Routes {
  close(): void;
}

type Page = () => Reply | Promise<Reply>;

export function createRoutes(_app: App, monitor: Monitor): Promise<OpenRoutes> {
  const pages: Readonly<Record<string, Page>> = {
    '/healthz': () => healthReply(monitor, 'live'),
    '/readyz': () => healthReply(monitor, 'ready'),
  };
  return Promise.resolve({
    reply: async ({ path }) => (Object.hasOwn(pages, path) ? pages[path]?.() : undefined),
    stream: () => false,
    close: () => undefined,
  });
}
