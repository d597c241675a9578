// Sends the changed parts of the status page to open pages, at most once a second, rendered once for each filter.
import { setImmediate as turn } from 'node:timers/promises';
import type { Monitor } from '../../daemon/monitor/monitor.ts';
import type { EventStream } from '../http-server.ts';
import type { Parts } from './overview-parts.ts';

export interface Live {
  /**
   * @param key of equal keys, the parts are equal
   * @param open called unless too many pages are open
   * @param createRender called unless a page with this key is open
   * @returns false if too many pages are open
   */
  add(key: string, open: () => EventStream, createRender: () => () => Promise<Parts>): boolean;
  close(): void;
}

type Texts = ReadonlyMap<string, string>;

interface OpenPage {
  readonly stream: EventStream;
  /** What the page shows, by part. */
  sent: Texts;
}

/** The open pages with the same key. */
interface Group {
  readonly render: () => Promise<Parts>;
  readonly pages: Set<OpenPage>;
}

/** Calls the function once, later. Returns a function that cancels that. */
type Later = (work: () => Promise<void>) => () => void;

const MAX_PAGES = 150;
const AT_MOST_EVERY_MS = 1_000;
/** Proxies close a connection without data. */
const HEARTBEAT_MS = 25_000;
const NOTHING: Texts = new Map();

/** @param later when pages are updated after a pass */
export function createLive(monitor: Monitor, later: Later = aSecondLater): Live {
  const groups = new Map<string, Group>();
  let cancel: (() => void) | undefined;
  let updating = Promise.resolve();
  let heartbeat: NodeJS.Timeout | undefined;

  const stopListening = monitor.onPass(() => {
    if (groups.size > 0) cancel ??= later(() => (updating = updating.then(update)));
  });

  function pages(): OpenPage[] {
    return [...groups.values()].flatMap((group) => [...group.pages]);
  }

  async function update(): Promise<void> {
    cancel = undefined;
    for (const { render, pages } of [...groups.values()]) {
      // The last page of a later group may close during a turn.
      if (pages.size === 0) continue;
      await updatePages(render, pages);
      // A pass, and responses to other requests, need not wait for all filters.
      await turn();
    }
  }

  async function updatePages(render: Group['render'], pages: Iterable<OpenPage>): Promise<void> {
    let texts: Texts;
    try {
      texts = textsOf(await render());
    } catch {
      // A bug in a page ends no daemon; the next update tries again.
      return;
    }
    // Most pages show the same, and need the same message.
    const messages = new Map<Texts, string | undefined>();
    for (const page of pages) {
      const message = messages.get(page.sent) ?? describeChange(page.sent, texts);
      messages.set(page.sent, message);
      if (message === undefined || page.stream.send('parts', message)) page.sent = texts;
    }
  }

  function remove(key: string, page: OpenPage): void {
    const group = groups.get(key);
    group?.pages.delete(page);
    if (group?.pages.size === 0) groups.delete(key);
    if (groups.size > 0) return;
    clearInterval(heartbeat);
    heartbeat = undefined;
  }

  return {
    add(key, open, createRender) {
      if (pages().length >= MAX_PAGES) return false;
      const page: OpenPage = { stream: open(), sent: NOTHING };
      const group = groups.get(key) ?? { render: createRender(), pages: new Set() };
      groups.set(key, group);
      group.pages.add(page);
      heartbeat ??= setInterval(() => {
        for (const { stream } of pages()) stream.send('alive', '');
      }, HEARTBEAT_MS).unref();
      page.stream.onClose(() => remove(key, page));
      // The page may have been rendered before the last pass.
      void updatePages(group.render, [page]);
      return true;
    },
    close() {
      stopListening();
      cancel?.();
      clearInterval(heartbeat);
      for (const { stream } of pages()) stream.close();
    },
  };
}

function aSecondLater(work: () => Promise<void>): () => void {
  const timer = setTimeout(() => void work(), AT_MOST_EVERY_MS).unref();
  return () => clearTimeout(timer);
}

function textsOf(parts: Parts): Texts {
  return new Map(Object.entries(parts).map(([id, { text }]) => [id, text]));
}

/** The parts that have changed; undefined if there are none. */
function describeChange(before: Texts, texts: Texts): string | undefined {
  const changed = [...texts].filter(([id, text]) => before.get(id) !== text);
  return changed.length === 0 ? undefined : JSON.stringify(Object.fromEntries(changed));
}
