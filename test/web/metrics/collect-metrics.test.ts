// `/metrics`: what a watched daemon's metrics are, that they stay few, and that the rules and the dashboard use existing ones.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CAUSES, type CauseOfEnd } from '../../../src/history/ended-attempt.ts';
import { createMonitor, type Monitor } from '../../../src/daemon/monitor/monitor.ts';
import type { DaemonEvent } from '../../../src/daemon/monitor/daemon-events.ts';
import { fillMetrics } from '../../../build/docs/web-page.ts';
import { METRICS } from '../../../src/web/metrics/metric-definitions.ts';
import { createMetrics } from '../../../src/web/metrics/collect-metrics.ts';
import type { Pause } from '../../../src/daemon/pause/pauses-file.ts';
import { enqueue, fixtureWith } from '../../daemon/claim/limited-claims.ts';
import { advance, startDaemon } from '../../daemon/run-daemon.ts';
import { createStepFixture } from '../../daemon/step-fixture.ts';

/** The lines of series, without comments. */
function series(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function scrape(monitor: Monitor, accept = ''): Promise<string> {
  return String((await createMetrics(monitor).scrape(accept)).body);
}

describe('/metrics', () => {
  it('counts claims, submissions and ended tasks by queue and cluster', async () => {
    const fixture = createStepFixture();
    const monitor = createMonitor(fixture.clock);
    const metrics = createMetrics(monitor);
    const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
    for (let number = 1; number <= 3; number += 1) await fixture.enqueued(number);
    const run = startDaemon(watched.watch(fixture.deps));
    await advance(fixture.clock, 60_000);
    const text = String((await metrics.scrape('')).body);
    await run.end();

    const lines = series(text);
    expect(lines).to.include.members([
      'clearml_slurm_claims_total{cluster="c1",queue="own"} 3',
      'clearml_slurm_submissions_total{cluster="c1",queue="own",outcome="accepted"} 3',
      'clearml_slurm_tasks{cluster="c1",queue="own",phase="pending"} 3',
      'clearml_slurm_tasks{cluster="c1",queue="own",phase="waiting"} 0',
      'clearml_slurm_ready{cluster="c1"} 1',
      'clearml_slurm_journal_writable{cluster="c1"} 1',
      'clearml_slurm_ends_total{cluster="c1",queue="own",cause="failed"} 0',
    ]);
    expect(text).to.match(
      /^clearml_slurm_calls_total\{cluster="c1",service="slurm",command="sbatch",outcome="ok"\} 3$/m,
    );
  });

  it('shows for each limit the current use and the number of held tasks', async () => {
    const limits = { maxJobs: 10, maxJobsPerUser: 1 };
    let pauses: readonly Pause[] = [];
    const fixture = fixtureWith({ limits }, { pauses: () => Promise.resolve(pauses), limits: { maxWaitingJobs: 7 } });
    const monitor = createMonitor(fixture.clock);
    const metrics = createMetrics(monitor);
    const watched = monitor.open({ name: undefined, stateDir: '/nowhere', pollMs: 15_000 });
    await enqueue(fixture, 'ada', 1, 2, 3);
    const run = startDaemon(watched.watch(fixture.deps));
    await advance(fixture.clock, 60_000);
    const limited = series(String((await metrics.scrape('')).body));
    pauses = [{ queue: 'own', since: 0, until: null, reason: '' }];
    await advance(fixture.clock, 60_000);
    const paused = series(String((await metrics.scrape('')).body));
    await run.end();

    expect(limited).to.include.members([
      'clearml_slurm_limit{cluster="c1",queue="own",limit="max_jobs"} 10',
      'clearml_slurm_limit_used{cluster="c1",queue="own",limit="max_jobs"} 1',
      'clearml_slurm_limit_used{cluster="c1",queue="own",limit="max_jobs_per_user"} 1',
      'clearml_slurm_limit{cluster="c1",queue="",limit="max_waiting_jobs"} 7',
      'clearml_slurm_held_tasks{cluster="c1",queue="own",limit="max_jobs_per_user"} 2',
      'clearml_slurm_held_tasks{cluster="c1",queue="own",limit="pause"} 0',
      'clearml_slurm_paused{cluster="c1",queue="own"} 0',
    ]);
    expect(paused).to.include.members([
      'clearml_slurm_held_tasks{cluster="c1",queue="own",limit="pause"} 2',
      'clearml_slurm_paused{cluster="c1",queue="own"} 1',
    ]);
  });

  it('uses the OpenMetrics format for a client that requests the format', async () => {
    const monitor = createMonitor({ now: () => 0 });

    expect(await scrape(monitor, 'application/openmetrics-text; version=1.0.0')).to.match(/\n# EOF\n$/);
    expect(await scrape(monitor)).to.not.include('# EOF');
  });

  it('has fewer than 250 series after 10,000 tasks', async () => {
    let emit: (event: DaemonEvent, cluster: string) => void = () => undefined;
    const monitor: Monitor = {
      ...createMonitor({ now: () => 0 }),
      onEvent: (listener) => {
        emit = listener;
      },
    };
    const metrics = createMetrics(monitor);
    const causes = Object.keys(CAUSES) as CauseOfEnd[];
    for (let task = 0; task < 10_000; task += 1) {
      const queue = task % 2 === 0 ? 'gpu' : 'cpu';
      const cause = causes[task % causes.length] ?? 'completed';
      const attempt = { task: `t${task}`, job: `${task}`, recordedAt: task, cluster: 'c1', queue, cause, startedAt: 0 };
      emit({ kind: 'claimed', queue }, 'c1');
      emit({ kind: 'submitted', queue, outcome: 'accepted' }, 'c1');
      emit({ kind: 'started', queue, waitMs: task * 1_000 }, 'c1');
      emit({ kind: 'ended', queue, attempt: { ...attempt, userName: `user ${task}` } }, 'c1');
    }

    const lines = series(String((await metrics.scrape('')).body));
    expect(lines.filter((line) => /clearml_slurm_\w+\{.*queue="gpu"/.test(line))).to.have.length(44);
    expect(lines.length).to.be.below(250);
    expect(lines.join()).to.not.match(/t9999|user 1|\b9999\b/);
  });

  it('is documented in docs/web.md', () => {
    const page = readFileSync('docs/web.md', 'utf8');

    expect(fillMetrics(page), 'run npm run docs').to.equal(page);
  });

  it('has every metric that the alert rules and the dashboard use', () => {
    const known = Object.entries(METRICS).flatMap(([name, { type }]) =>
      type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name],
    );
    for (const file of ['alerts.yml', 'dashboard.json']) {
      const text = readFileSync(`examples/monitoring/${file}`, 'utf8');
      const used = new Set(text.match(/\b(?:clearml_slurm|process|nodejs)_[a-z_]+/g));
      expect(
        [...used].filter((name) => !known.includes(name)),
        file,
      ).to.deep.equal([]);
    }
  });
});
