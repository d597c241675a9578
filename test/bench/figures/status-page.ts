// Measures the status page of a daemon with 5,000 active tasks, and what 100 open pages cost it.
import { buildScript } from '../build-program.ts';
import type { Figure } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median } from '../samples.ts';
import type { PagesToTime, TimedPages } from '../timed-pages.ts';

const PAGES = 100;
/** In most polls of a busy cluster, some jobs change their reason or their estimated start. */
const CHANGES = 50;
const AT_REST: PagesToTime = { jobs: 5_000, passes: 60, pages: 0, filters: 1, changes: 0 };

const CASES = {
  unwatched: { ...AT_REST, pages: undefined },
  unread: AT_REST,
  read: { ...AT_REST, pages: PAGES },
  'unread, with changes': { ...AT_REST, changes: CHANGES },
  'read, with changes': { ...AT_REST, changes: CHANGES, pages: PAGES },
  'read, with changes and filters': { ...AT_REST, changes: CHANGES, pages: PAGES, filters: PAGES },
} as const satisfies Readonly<Record<string, PagesToTime>>;
type Case = keyof typeof CASES;

/** Alternately, so that other work of the machine blurs all of them. */
const ROUNDS = 3;

/** The daemon of `reconcile-pass`. The network is not measured. */
export const statusPage: Figure = {
  name: 'status-page',
  async measure({ say }) {
    await using script = await buildScript('test/bench/timed-pages.ts');
    const timed = new Map<Case, TimedPages[]>();
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const name of Object.keys(CASES) as Case[]) {
        const { stdout } = await runToEnd(process.execPath, ['--expose-gc', script.path, JSON.stringify(CASES[name])]);
        timed.set(name, [...(timed.get(name) ?? []), JSON.parse(stdout) as TimedPages]);
      }
      say(`round ${round} of ${ROUNDS}`);
    }
    const valueOf = (name: Case, read: (one: TimedPages) => readonly number[]): number =>
      median((timed.get(name) ?? []).flatMap(read));
    const passOf = (name: Case): number => valueOf(name, ({ passMs }) => passMs);
    const wholeOf = (name: Case): number => valueOf(name, ({ wholeMs }) => wholeMs);
    const memoryOf = (name: Case): number => valueOf(name, ({ rssMb }) => [rssMb]);
    const unpaged = 'without an open page';
    return [
      {
        what: 'whole page, elapsed',
        value: valueOf('read', ({ pageMs = [] }) => pageMs),
        unit: 'ms',
        target: { atMost: 300 },
      },
      { what: 'whole page', value: valueOf('read', ({ pageKb = 0 }) => [pageKb]), unit: 'kB', target: { atMost: 300 } },
      {
        what: 'update of an open page',
        value: valueOf('read', ({ updateKb = 0 }) => [updateKb]),
        unit: 'kB',
        target: { atMost: 50 },
      },
      {
        what: `pass with ${PAGES} open pages, processor time`,
        value: passOf('read'),
        unit: 'ms',
        anchor: { what: unpaged, value: passOf('unread') },
        target: { atMost: 1.1 },
      },
      {
        what: 'the same, with the update of the pages after it',
        value: wholeOf('read'),
        unit: 'ms',
        anchor: { what: unpaged, value: wholeOf('unread') },
      },
      {
        what: `pass and update, ${CHANGES} jobs change`,
        value: wholeOf('read, with changes'),
        unit: 'ms',
        anchor: { what: unpaged, value: wholeOf('unread, with changes') },
      },
      {
        what: 'the same, all pages with different filters',
        value: wholeOf('read, with changes and filters'),
        unit: 'ms',
        anchor: { what: unpaged, value: wholeOf('unread, with changes') },
      },
      {
        what: 'pass without an open page, processor time',
        value: passOf('unread'),
        unit: 'ms',
        anchor: { what: 'without --http', value: passOf('unwatched') },
        target: { atMost: 1.1 },
      },
      {
        what: `memory for ${PAGES} open pages`,
        value: memoryOf('read') - memoryOf('unread'),
        unit: 'MB',
        target: { atMost: 20 },
      },
    ];
  },
};
