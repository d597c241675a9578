// Sends the changed parts of the status page to open pages, at most once a second, rendered once for each filter.
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import type { EventStream } from '../http-server.ts';
import type { Parts } from './overview-page.ts';

export interface Live {
  /** @param key of equal keys, the parts are equal. False if too many pages are open. */
  add(key: string, open: () => EventStream, render: () => Promise<Parts>): boolean;
  close(): void;
}

interface OpenPage {
  readonly key: string;
  readonly stream: EventStream;
  readonly render: () => Promise<Parts>;
  /** What the page shows, by part. */
  sent: ReadonlyMap<string, string>;
}

const MAX_PAGES = 150;
const AT_MOST_EVERY_MS = 1_000;
/** Proxies close a connection without data. */
const HEARTBEAT_MS = 25_000;

export function createLive(monitor: Monitor): Live {
  const pages = new Set<OpenPage>();
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  const stopListening = monitor.onPass(() => {
    if (pages.size > 0) timer ??= setTimeout(() => void update(), AT_MOST_EVERY_MS).unref();
  });

  async function update(): Promise<void> {
    timer = undefined;
    const rendered = new Map<string, ReadonlyMap<string, string>>();
    for (const page of pages) {
      let texts = rendered.get(page.key);
      if (texts === undefined) {
        try {
          texts = textsOf(await page.render());
        } catch {
          // A bug in a page ends no daemon; the next update tries again.
          continue;
        }
        rendered.set(page.key, texts);
      }
      send(page, texts);
    }
  }

  function send(page: OpenPage, texts: ReadonlyMap<string, string>): void {
    const changed = [...texts].filter(([id, text]) => page.sent.get(id) !== text);
    if (changed.length === 0 || page.stream.send('parts', JSON.stringify(Object.fromEntries(changed))))
      page.sent = texts;
  }

  return {
    add(key, open, render) {
      if (pages.size >= MAX_PAGES) return false;
      const page: OpenPage = { key, stream: open(), render, sent: new Map() };
      pages.add(page);
      heartbeat ??= setInterval(() => {
        for (const { stream } of pages) stream.send('alive', '');
      }, HEARTBEAT_MS).unref();
      page.stream.onClose(() => {
        pages.delete(page);
        if (pages.size > 0) return;
        clearInterval(heartbeat);
        heartbeat = undefined;
      });
      // The page was rendered a moment ago: only what has changed since is sent.
      void render()
        .then((parts) => send(page, textsOf(parts)))
        .catch(() => undefined);
      return true;
    },
    close() {
      stopListening();
      clearTimeout(timer);
      clearInterval(heartbeat);
      for (const { stream } of pages) stream.close();
    },
  };
}

function textsOf(parts: Parts): ReadonlyMap<string, string> {
  return new Map(Object.entries(parts).map(([id, { text }]) => [id, text]));
}
