// What a watched daemon reports: events, the steps of each task, its health; and that it does the same as an unwatched one.
import { expect } from 'chai';
import { createMonitor, type Monitor } from '../../../src/daemon/monitor/monitor.ts';
import type { ClusterMonitor } from '../../../src/daemon/monitor/cluster-monitor.ts';
import type { DaemonEvent } from '../../../src/daemon/monitor/daemon-events.ts';
import { recordTaskSteps } from '../../../src/daemon/monitor/task-steps.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { Job, JobId, JobList } from '../../../src/slurm/scheduler.ts';
import type { SimJob } from '../../simulation/simulated-slurm.ts';
import { advance, startDaemon, type DaemonRun } from '../run-daemon.ts';
import { entryOf, jobOf, NOW, TASK } from '../decide/observations.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';

interface Watched extends StepFixture {
  readonly monitor: Monitor;
  readonly watched: ClusterMonitor;
  readonly events: DaemonEvent[];
  readonly run: DaemonRun;
  stop(): Promise<void>;
}

function startWatched(): Watched {
  const fixture = createStepFixture();
  const monitor = createMonitor(fixture.clock);
  const events: DaemonEvent[] = [];
  monitor.onEvent((event) => events.push(event));
  const watched = monitor.open({ name: undefined, stateDir: '/state', pollMs: 15_000 });
  const run = startDaemon(watched.watch(fixture.deps));
  return Object.assign(fixture, {
    monitor,
    watched,
    events,
    run,
    async stop() {
      await run.end();
    },
  });
}

/** The facts of these events that do not depend on the simulated time. */
function eventsOf(events: readonly DaemonEvent[], ...kinds: DaemonEvent['kind'][]): object[] {
  return events
    .filter(({ kind }) => kinds.includes(kind))
    .map((event) => {
      if (event.kind === 'ended') return { kind: event.kind, queue: event.queue, cause: event.attempt.cause };
      const { waitMs: _wait, ms: _ms, ...rest } = { waitMs: 0, ms: 0, ...event };
      return rest;
    });
}

function startJob({ clock }: StepFixture, job: SimJob): void {
  Object.assign(job, { state: 'RUNNING', startAt: clock.now() } satisfies Partial<SimJob>);
}

describe('the monitor', () => {
  it('reports and remembers the claim, submission, start and end of a task', async () => {
    const fixture = startWatched();
    const task = await fixture.enqueued(1);
    await advance(fixture.clock, 20_000);
    const [job] = fixture.cluster.jobs;
    if (job === undefined) throw new Error('no job was submitted');
    await advance(fixture.clock, 20_000);
    startJob(fixture, job);
    await fixture.server.call('tasks.started', { task, force: true });
    await advance(fixture.clock, 60_000);
    expect(fixture.watched.state().rows).to.have.length(1);
    await fixture.server.call('tasks.completed', { task });
    fixture.cluster.end(job, 'COMPLETED', 0);
    await advance(fixture.clock, 120_000);
    await fixture.stop();

    expect(eventsOf(fixture.events, 'claimed', 'submitted', 'started', 'ended')).to.deep.equal([
      { kind: 'claimed', queue: 'own' },
      { kind: 'submitted', queue: 'own', outcome: 'accepted' },
      { kind: 'started', queue: 'own' },
      { kind: 'ended', queue: 'own', cause: 'completed' },
    ]);
    const history = fixture.watched.histories.find(task);
    expect(history?.name).to.equal('task 1');
    const steps = history?.steps.map(({ text }) => text.replace(/:.*/, ''));
    expect(steps).to.deep.equal([
      'Enqueued in "own".',
      'Claimed; parked in the scheduler queue.',
      'Passed to sbatch.',
      `Submitted as Slurm job ${job.id}.`,
      `Job ${job.id} waits`,
      `Slurm job ${job.id} started in partition debug on n1.`,
      'Ended',
    ]);
    expect(fixture.watched.state().rows).to.deep.equal([]);
  });

  it('reports the cause "timeout" for a task whose job ended TIMEOUT', async () => {
    const fixture = startWatched();
    const task = await fixture.enqueued(1);
    await advance(fixture.clock, 20_000);
    const [job] = fixture.cluster.jobs;
    if (job === undefined) throw new Error('no job was submitted');
    startJob(fixture, job);
    await fixture.server.call('tasks.started', { task, force: true });
    await advance(fixture.clock, 20_000);
    fixture.cluster.end(job, 'TIMEOUT', 0);
    await advance(fixture.clock, 300_000);
    await fixture.stop();

    expect(eventsOf(fixture.events, 'ended')).to.deep.equal([{ kind: 'ended', queue: 'own', cause: 'timeout' }]);
    expect(fixture.watched.histories.ended()[0]?.end?.why).to.include('TIMEOUT');
  });

  it('reports the daemon as not ready while squeue fails, and as ready afterwards', async () => {
    const fixture = startWatched();
    await advance(fixture.clock, 60_000);
    expect(fixture.watched.health()).to.include({ isLive: true, isReady: true });
    fixture.fate = ({ endpoint }) => (endpoint === 'squeue' ? 'not made' : undefined);
    await advance(fixture.clock, 600_000);

    const { isLive, isReady, problems } = fixture.watched.health();
    expect({ isLive, isReady }).to.deep.equal({ isLive: true, isReady: false });
    expect(problems.join()).to.match(/^No poll has succeeded for \d+ min: the list of Slurm jobs could not be read\.$/);
    const failed = eventsOf(fixture.events, 'call').filter((event) => 'outcome' in event && event.outcome === 'failed');
    expect(failed[0]).to.deep.equal({ kind: 'call', service: 'slurm', command: 'squeue', outcome: 'failed' });

    fixture.fate = () => undefined;
    await advance(fixture.clock, 120_000);
    expect(fixture.watched.health()).to.include({ isReady: true });
    await fixture.stop();
  });

  for (const [how, setMs] of [
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ] as const) {
    for (const [what, isLive] of [
      ['fails', true],
      ['hangs', false],
    ] as const) {
      it(`reports the daemon as not ready if a poll ${what}, but not if the clock is set ${how} by an hour`, async () => {
        const fixture = createStepFixture();
        const { clock, deps } = fixture;
        let aheadMs = 0;
        const now = (): number => clock.now() + aheadMs;
        const watched = createMonitor({ now }, { steadyNow: () => clock.now() }).open({
          name: undefined,
          stateDir: '/state',
          pollMs: 15_000,
        });
        let list: typeof deps.scheduler.list = (...args) => deps.scheduler.list(...args);
        const scheduler: typeof deps.scheduler = { ...deps.scheduler, list: (...args) => list(...args) };
        const run = startDaemon(watched.watch({ ...deps, scheduler, clock: { ...deps.clock, now } }));
        await advance(clock, 60_000);

        aheadMs = setMs;
        expect(watched.health()).to.include({ isLive: true, isReady: true });
        expect(watched.health().passOkAt).to.be.within(now() - 60_000, now());

        let end = (): void => undefined;
        const hung = new Promise<JobList>((resolve) => (end = () => resolve({ kind: 'failed', message: 'late' })));
        list = () => (isLive ? Promise.resolve({ kind: 'failed', message: 'no response' }) : hung);
        await advance(clock, 20 * 60_000);
        expect(watched.health()).to.include({ isLive, isReady: false });

        run.stop();
        end();
        await run.ended;
      });
    }
  }

  it('uses the new state directory and the new poll interval after a reload', () => {
    const { monitor, watched } = startWatched();

    const again = monitor.open({ name: undefined, stateDir: '/new', pollMs: 60_000 });

    expect(again).to.equal(watched);
    expect(again).to.include({ stateDir: '/new' });
    expect(again.health()).to.include({ pollMs: 60_000, phase: 'starting' });
  });

  it('does not report the start of a job that was already running when the daemon started', async () => {
    const fixture = startWatched();
    const [old, young] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    await advance(fixture.clock, 40_000);
    const [first, second] = fixture.cluster.jobs;
    if (first === undefined || second === undefined) throw new Error('no job was submitted');
    startJob(fixture, first);
    await fixture.stop();
    fixture.clock.pass(60_000);
    const monitor = createMonitor(fixture.clock);
    const events: DaemonEvent[] = [];
    monitor.onEvent((event) => events.push(event));
    const again = monitor.open({ name: undefined, stateDir: '/state', pollMs: 15_000 });
    const run = startDaemon(again.watch(fixture.deps));
    await advance(fixture.clock, 40_000);

    expect(eventsOf(events, 'started')).to.deep.equal([]);
    expect(again.histories.find(old)?.startedAt).to.equal(first.startAt);
    startJob(fixture, second);
    await advance(fixture.clock, 40_000);
    expect(eventsOf(events, 'started')).to.deep.equal([{ kind: 'started', queue: 'own' }]);
    expect(again.histories.find(young)?.startedAt).to.equal(second.startAt);
    await run.end();
  });

  it('shows the submission time and the start time of the newest attempt', () => {
    const events: DaemonEvent[] = [];
    const steps = recordTaskSteps((event) => events.push(event), NOW);
    const submitting = entryOf({ step: 'submitting', attempt: 'a1', attempts: 1 });
    const following = { ...submitting, step: 'following', jobId: '7' as JobId } as const;
    const poll = (entry: Entry, job: Job, now: number): void =>
      steps.polled(new Map([[TASK, entry]]), new Map([[TASK, [job]]]), new Map(), { now, print: now });
    steps.written(submitting, undefined, NOW);
    steps.written(following, submitting, NOW);
    poll(following, jobOf('RUNNING', { submittedAt: NOW, startAt: NOW + 1_000 }), NOW + 2_000);
    const again = { ...submitting, attempt: 'a2', attempts: 2 };
    steps.written(again, following, NOW + 3_000);

    expect(steps.find(TASK)).to.include({ submittedAt: undefined, startedAt: undefined });

    const next = { ...again, step: 'following', jobId: '8' as JobId } as const;
    steps.written(next, again, NOW + 4_000);
    poll(next, jobOf('RUNNING', { id: '8' as JobId, submittedAt: NOW + 4_000, startAt: NOW + 5_000 }), NOW + 6_000);
    expect(steps.find(TASK)).to.include({ submittedAt: NOW + 4_000, startedAt: NOW + 5_000 });
    expect(eventsOf(events, 'started')).to.have.length(2);
  });

  it('reports why a job waits even if the job id becomes known only after the poll', () => {
    const steps = recordTaskSteps(() => undefined, NOW);
    const submitting = entryOf({ step: 'submitting', attempt: 'a1', attempts: 1, jobId: undefined });
    const following = { ...submitting, step: 'following', jobId: '7' as JobId } as const;
    const poll = (entry: Entry, now: number): void =>
      steps.polled(new Map([[TASK, entry]]), new Map([[TASK, [jobOf('PENDING', { reason: 'Priority' })]]]), new Map(), {
        now,
        print: 1,
      });
    const texts = (): string[] => steps.find(TASK)?.steps.map(({ text }) => text) ?? [];
    steps.written(submitting, undefined, NOW);
    poll(submitting, NOW + 1_000);
    steps.written(following, submitting, NOW + 2_000);
    poll(following, NOW + 3_000);
    poll(following, NOW + 4_000);

    expect(texts()).to.have.length(3);
    expect(texts().at(-1)).to.match(/^Job 7 waits: .*\(Priority\)/);
  });

  it('does not increase the number of calls to ClearML and Slurm', async () => {
    async function callsOf(isWatched: boolean): Promise<string[]> {
      const fixture = createStepFixture();
      const deps = isWatched
        ? createMonitor(fixture.clock).open({ name: undefined, stateDir: '', pollMs: 15_000 }).watch(fixture.deps)
        : fixture.deps;
      for (let number = 1; number <= 5; number += 1) await fixture.enqueued(number);
      const run = startDaemon(deps);
      await advance(fixture.clock, 60_000);
      for (const job of fixture.cluster.jobs) startJob(fixture, job);
      await advance(fixture.clock, 60_000);
      for (const job of fixture.cluster.jobs) fixture.cluster.end(job, 'NODE_FAIL', 1);
      await advance(fixture.clock, 300_000);
      await run.end();
      return [...fixture.calls].sort();
    }

    const calls = await callsOf(true);
    expect(calls).to.have.length.above(50);
    expect(calls).to.deep.equal(await callsOf(false));
  });
});
