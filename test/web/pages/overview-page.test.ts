// The status page as HTML: what it begins with, and how it shows limits and pauses.
import { expect } from 'chai';
import { createMonitor } from '../../../src/daemon/monitor/monitor.ts';
import type { Pause } from '../../../src/daemon/pause/pauses-file.ts';
import { createOverviewReader, parseFilter } from '../../../src/web/pages/read-overview.ts';
import { overviewPage } from '../../../src/web/pages/overview-page.ts';
import { makePlots } from '../../../src/web/pages/plot-series.ts';
import { enqueue, fixtureWith } from '../../daemon/claim/limited-claims.ts';
import type { DaemonDeps, ServedQueue } from '../../../src/daemon/deps.ts';
import { advance, startDaemon } from '../../daemon/run-daemon.ts';

const SITE = { version: '0', hostName: 'login1', webServer: 'http://clearml', assetsMark: '0' };

/** The page after a minute of a daemon with three tasks of one user, without tags. */
async function pageOf(
  queue: Pick<ServedQueue, 'limits' | 'userFairness'>,
  overrides: Partial<DaemonDeps> = {},
): Promise<string> {
  const fixture = fixtureWith(queue, overrides);
  const monitor = createMonitor(fixture.clock);
  const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
  await enqueue(fixture, 'ada', 1, 2, 3);
  const run = startDaemon(watched.watch(fixture.deps));
  await advance(fixture.clock, 60_000);
  const now = fixture.clock.now();
  const filter = parseFilter(new URLSearchParams());
  const seen = await createOverviewReader(monitor, { read: () => Promise.resolve([]) })(filter)(now);
  await run.end();
  return overviewPage(SITE, seen, makePlots([], '24h', now), { filter, range: '24h' })
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('the status page as HTML', () => {
  it('starts with the health of the daemon, followed by queues, active tasks, ended tasks and plots', async () => {
    const text = await pageOf({});

    expect(text).to.match(
      /Slurm tasks Ready 0 running · 3 in Slurm · 0 waiting in ClearML .* Queues .* Active tasks .* task 1 .* Ended lately .* Last 24 hours /,
    );
  });

  it('shows each limit and the number of tasks that the limit holds', async () => {
    const text = await pageOf({ limits: { maxJobsPerUser: 1 } }, { limits: { maxJobs: 50 } });

    expect(text).to.include(' · 1 of 50 jobs (max_jobs) ');
    expect(text).to.include(' 1 job per user, reached by 1 user (max_jobs_per_user). ');
    expect(text).to.include(' 2 tasks wait: each user may have only 1 job in this queue (max_jobs_per_user). ');
  });

  it('shows who paused a queue, until when and why', async () => {
    const pause: Pause = { queue: 'own', since: 0, until: Date.UTC(2126, 0, 2), reason: '<new> drivers', by: 'alice' };
    const text = await pageOf({}, { pauses: () => Promise.resolve([pause]) });

    expect(text).to.include(
      ' Queue own is paused since 1970-01-01 00:00 UTC until 2126-01-02 00:00 UTC by alice (&lt;new&gt; drivers): no task is claimed. ',
    );
    expect(text).to.match(/Slurm tasks Ready /);
  });

  it('filters tasks by an owner whose name has invisible characters', async () => {
    const owner = '\u202aada\u200e';
    const fixture = fixtureWith({});
    const monitor = createMonitor(fixture.clock);
    const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
    await enqueue(fixture, owner, 1);
    await enqueue(fixture, 'ben', 2);
    const run = startDaemon(watched.watch(fixture.deps));
    await advance(fixture.clock, 60_000);
    const now = fixture.clock.now();
    const read = createOverviewReader(monitor, { read: () => Promise.resolve([]) });
    const pageFor = async (query: string): Promise<string> => {
      const filter = parseFilter(new URLSearchParams(query));
      return overviewPage(SITE, await read(filter)(now), makePlots([], '24h', now), { filter, range: '24h' });
    };
    const [, sent = ''] = /<option value="([^"]*ada[^"]*)"/.exec(await pageFor('')) ?? [];

    const page = await pageFor(new URLSearchParams({ owner: sent }).toString());
    await run.end();

    expect(page).to.include('>task 1</a>').and.not.include('>task 2</a>');
    expect(page.match(/<option value="[^"]*ada[^"]*"[^>]*>/g)).to.deep.equal([`<option value="${sent}" selected>`]);
  });

  it('reports that the whole cluster is paused, or that the pauses cannot be read', async () => {
    const pause: Pause = { queue: null, since: 0, until: null, reason: '' };

    expect(await pageOf({}, { pauses: () => Promise.resolve([pause]) })).to.match(
      /Slurm tasks Paused .* All queues are paused since 1970-01-01 00:00 UTC: no task is claimed\./,
    );
    expect(await pageOf({}, { pauses: () => Promise.reject(new Error('EIO')) })).to.match(
      /Slurm tasks Ready, with a problem .* The pauses cannot be read, so no task is claimed\./,
    );
  });
});
