// What open pages are sent: everything that changes, as a page shows it that is loaded then, and nothing else.
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { createMonitor, type Monitor } from '../../../src/daemon/monitor/monitor.ts';
import type { EventStream } from '../../../src/web/http-server.ts';
import { createLive, type Live } from '../../../src/web/pages/live-updates.ts';
import { createPartsRenderer, overviewParts, type Parts } from '../../../src/web/pages/overview-parts.ts';
import { createAttemptLog } from '../../../src/web/pages/read-recent-attempts.ts';
import { createOverviewReader, parseFilter } from '../../../src/web/pages/read-overview.ts';
import type { SimJob } from '../../simulation/simulated-slurm.ts';
import { advance, startDaemon } from '../../daemon/run-daemon.ts';
import { createStepFixture, type StepFixture } from '../../daemon/step-fixture.ts';

const SITE = { version: '0', hostName: 'login1', webServer: 'http://clearml', assetsMark: '0' };
/** The longest interval between two polls. */
const POLL_MS = 61_000;

interface Page {
  /** The texts that the page shows, by part. */
  readonly shown: Record<string, string>;
  /** The parts in each message. */
  readonly received: string[][];
  /** Reads nothing for the moment. */
  isSlow: boolean;
  leave(): void;
}

interface Bed extends StepFixture {
  readonly monitor: Monitor;
  readonly live: Live;
  /** How often a page was rendered. */
  readonly renders: () => number;
  /** From now on, no page can be rendered. */
  breaks: boolean;
  open(query?: string): Page;
  /** What a page that is loaded now shows. */
  load(query?: string): Promise<Record<string, string>>;
  /** Passes the time of a poll, and starts the update of the open pages. Returns its end. */
  beginUpdate(): Promise<{ readonly updated: Promise<void> }>;
  /** Passes the time of a poll, and updates the open pages. */
  pollAndUpdate(): Promise<void>;
  job(task: TaskId): SimJob;
  stop(): Promise<void>;
}

function textsOf(parts: Parts): Record<string, string> {
  return Object.fromEntries(Object.entries(parts).map(([id, { text }]) => [id, text]));
}

function startBed(): Bed {
  const fixture = createStepFixture();
  const { clock } = fixture;
  const monitor = createMonitor(clock);
  const log = createAttemptLog(monitor, () => clock.now());
  const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
  const run = startDaemon(watched.watch(fixture.deps));
  let due: (() => Promise<void>) | undefined;
  const live = createLive(monitor, (work) => {
    due = work;
    return () => (due = undefined);
  });
  const openOverview = createOverviewReader(monitor, log);
  let renders = 0;

  function shownBy(query: string): Parameters<typeof overviewParts>[1] {
    return { filter: parseFilter(new URLSearchParams(query)), range: '24h' };
  }

  const bed: Bed = Object.assign(fixture, {
    monitor,
    live,
    renders: () => renders,
    breaks: false,
    open(query = '') {
      const closed: (() => void)[] = [];
      const page: Page = {
        shown: {},
        received: [],
        isSlow: false,
        leave: () => closed.forEach((listener) => listener()),
      };
      const stream: EventStream = {
        send(event, data) {
          if (page.isSlow) return false;
          if (event !== 'parts') return true;
          const parts = JSON.parse(data) as Record<string, string>;
          page.received.push(Object.keys(parts));
          Object.assign(page.shown, parts);
          return true;
        },
        onClose: (listener) => void closed.push(listener),
        close: () => undefined,
      };
      live.add(
        query,
        () => stream,
        () => {
          const read = openOverview(shownBy(query).filter);
          const render = createPartsRenderer(SITE, shownBy(query));
          return async () => {
            renders += 1;
            if (bed.breaks) throw new Error('a bug');
            return render(await read(clock.now()));
          };
        },
      );
      return page;
    },
    async load(query = '') {
      const read = createOverviewReader(monitor, log)(shownBy(query).filter);
      return textsOf(overviewParts(SITE, shownBy(query), await read(clock.now())));
    },
    async beginUpdate() {
      await advance(clock, POLL_MS);
      const updated = due?.() ?? Promise.resolve();
      due = undefined;
      return { updated };
    },
    async pollAndUpdate() {
      const { updated } = await bed.beginUpdate();
      await updated;
    },
    job: (task: TaskId) => fixture.cluster.jobs.find((job) => job.task === task) ?? expect.fail('no job'),
    async stop() {
      live.close();
      await run.end();
    },
  });
  return bed;
}

/** Without tags. */
function textOf(part: string | undefined): string {
  return (part ?? '').replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

describe('an open status page', () => {
  let bed: Bed;
  beforeEach(async () => {
    bed = startBed();
    await advance(bed.clock, 20_000);
    // Reads the history, which takes more than a turn.
    await bed.load();
  });
  afterEach(() => bed.stop());

  it('has the same content as a newly loaded page at each step of a task', async () => {
    const queries = ['', 'state=running', 'q=task+2', 'queue=nowhere'];
    const pages = queries.map((query) => bed.open(query));
    async function check(step: string): Promise<void> {
      await bed.pollAndUpdate();
      for (const [index, query] of queries.entries())
        expect(pages[index]?.shown, `${step}, ${query}`).to.deep.equal(await bed.load(query));
    }
    await check('no task');
    const [first, second] = [await bed.enqueued(1), await bed.enqueued(2)];
    await check('two tasks');
    const job = bed.job(first);
    job.startAt = bed.clock.now() + 90_000;
    await check('an estimated start');
    expect(textOf(pages[0]?.shown['tasks'])).to.include('expects to start');
    await check('an estimate that has passed');
    await check('an estimate that has passed');
    expect(textOf(pages[0]?.shown['tasks'])).to.not.include('expects to start');
    Object.assign(job, { state: 'RUNNING', startAt: bed.clock.now() });
    await bed.server.call('tasks.started', { task: first, force: true });
    await check('one runs');
    expect(textOf(pages[1]?.shown['tasks'])).to.include('task 1');
    await bed.server.call('tasks.stop', { task: second });
    await check('one was aborted');
    await bed.server.call('tasks.completed', { task: first });
    bed.cluster.end(job, 'COMPLETED', 0);
    await check('one has ended');
    await check('all are settled');
    expect(textOf(pages[0]?.shown['ended'])).to.match(/task 1 .* completed/);
  });

  it('receives only the health of the daemon while nothing else changes', async () => {
    await bed.enqueued(1);
    const page = bed.open();
    await bed.pollAndUpdate();
    await bed.pollAndUpdate();
    await bed.pollAndUpdate();

    expect(page.received[0]).to.deep.equal(['health', 'queues', 'tasks', 'ended']);
    expect(page.received.slice(-2)).to.deep.equal([['health'], ['health']]);
  });

  it('shares one rendering with each open page that has the same filter', async () => {
    const pages = [bed.open(), bed.open(), bed.open('q=1')];
    await bed.pollAndUpdate();
    const before = bed.renders();
    await bed.pollAndUpdate();

    expect(bed.renders() - before).to.equal(2);
    for (const page of pages) page.leave();
    await bed.pollAndUpdate();
    expect(bed.renders() - before).to.equal(2);
  });

  it('is rendered in another event-loop turn than a page with another filter', async () => {
    for (const query of ['', 'q=1', 'q=2']) bed.open(query);
    await bed.pollAndUpdate();
    const before = bed.renders();

    const { updated } = await bed.beginUpdate();
    const rendered: number[] = [];
    for (let turns = 0; turns < 4; turns += 1) {
      await turn();
      rendered.push(bed.renders() - before);
    }
    await updated;

    expect(rendered).to.include.members([1, 2, 3]);
  });

  it('is not rendered if its client disconnects during an update', async () => {
    bed.open();
    const page = bed.open('q=1');
    await bed.pollAndUpdate();
    const before = bed.renders();
    const { updated } = await bed.beginUpdate();
    page.leave();
    await updated;

    expect(bed.renders() - before).to.equal(1);
  });

  it('receives missed changes after its client has read too slowly', async () => {
    const page = bed.open();
    await bed.pollAndUpdate();
    page.isSlow = true;
    await bed.enqueued(1);
    await bed.pollAndUpdate();
    expect(textOf(page.shown['tasks'])).to.not.include('task 1');
    page.isSlow = false;
    await bed.pollAndUpdate();

    expect(page.shown).to.deep.equal(await bed.load());
    expect(textOf(page.shown['tasks'])).to.include('task 1');
  });

  it('receives its full content without causing an update of other pages', async () => {
    await bed.enqueued(1);
    const early = bed.open();
    await bed.pollAndUpdate();
    const { length } = early.received;
    const late = bed.open();
    await turn();

    expect(late.shown).to.deep.equal(await bed.load());
    expect(early.received).to.have.length(length);
  });

  it('receives missed changes after a failed rendering', async () => {
    const page = bed.open();
    await bed.pollAndUpdate();
    bed.breaks = true;
    await bed.enqueued(1);
    await bed.pollAndUpdate();
    bed.breaks = false;
    await bed.pollAndUpdate();

    expect(page.shown).to.deep.equal(await bed.load());
  });

  it('counts only the tasks that ended in the last 24 hours', async () => {
    const task = await bed.enqueued(1);
    const page = bed.open();
    await bed.pollAndUpdate();
    const job = bed.job(task);
    Object.assign(job, { state: 'RUNNING', startAt: bed.clock.now() });
    await bed.server.call('tasks.started', { task, force: true });
    await bed.pollAndUpdate();
    await bed.server.call('tasks.completed', { task });
    bed.cluster.end(job, 'COMPLETED', 0);
    await bed.pollAndUpdate();
    await bed.pollAndUpdate();
    const completed = (): string | undefined => / (\d+) \d+ $/.exec(textOf(page.shown['queues']))?.[1];
    expect(completed()).to.equal('1');
    bed.clock.pass(24 * 3_600_000);
    await bed.pollAndUpdate();

    expect(completed()).to.equal('0');
  });
});
