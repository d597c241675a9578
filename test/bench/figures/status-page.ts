// Measures the status page of a daemon with 5,000 active tasks, and what 100 open pages cost its passes.
import { buildScript } from '../build-program.ts';
import type { Figure } from '../figure.ts';
import { runToEnd } from '../run-to-end.ts';
import { median } from '../samples.ts';
import type { TimedPages } from '../timed-pages.ts';

const JOBS = 5_000;
const PASSES = 10;
/** Alternately, so that other work of the machine blurs all of them. */
const ROUNDS = 3;

export const statusPage: Figure = {
  name: 'status-page',
  async measure({ say }) {
    await using script = await buildScript('test/bench/timed-pages.ts');
    const time = async (pages: number): Promise<TimedPages> => {
      const { stdout } = await runToEnd(process.execPath, [script.path, String(JOBS), String(PASSES), String(pages)]);
      return JSON.parse(stdout) as TimedPages;
    };
    const [unwatched, unread, read]: [TimedPages[], TimedPages[], TimedPages[]] = [[], [], []];
    for (let round = 1; round <= ROUNDS; round += 1) {
      unwatched.push(await time(-1));
      unread.push(await time(0));
      read.push(await time(100));
      say(`round ${round} of ${ROUNDS}`);
    }
    const passOf = (all: readonly TimedPages[]): number => median(all.flatMap(({ passMs }) => passMs));
    const memoryOf = (all: readonly TimedPages[]): number => median(all.map(({ rssMb }) => rssMb));
    const atRest = { what: 'without an open page', value: passOf(unread) };
    return [
      {
        what: 'whole page, elapsed',
        value: median(read.flatMap(({ pageMs = [] }) => pageMs)),
        unit: 'ms',
        target: { atMost: 300 },
      },
      { what: 'whole page', value: median(read.map(({ pageKb = 0 }) => pageKb)), unit: 'kB', target: { atMost: 300 } },
      {
        what: 'update of an open page',
        value: median(read.map(({ updateKb = 0 }) => updateKb)),
        unit: 'kB',
        target: { atMost: 50 },
      },
      {
        what: 'pass with 100 open pages, processor time',
        value: passOf(read),
        unit: 'ms',
        anchor: atRest,
        target: { atMost: 1.1 },
      },
      {
        what: 'pass without an open page, processor time',
        value: passOf(unread),
        unit: 'ms',
        anchor: { what: 'without --http', value: passOf(unwatched) },
        target: { atMost: 1.1 },
      },
      {
        what: 'memory for 100 open pages',
        value: memoryOf(read) - memoryOf(unread),
        unit: 'MB',
        target: { atMost: 20 },
      },
    ];
  },
};
