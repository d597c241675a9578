// A daemon with the sandbox's server in memory. On a simulated clock, calls take the time of a real server, so the load does not matter.
import { formatJobName } from '../../src/slurm/job-name.ts';
import { createRateLimit } from '../../src/base/token-bucket.ts';
import type { Job, EndDetails, JobFigures, JobId, Scheduler, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { describeWait } from '../../src/daemon/console/console-messages.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { Entry } from '../../src/daemon/journal/entry.ts';
import { totalOf, type CallCount } from '../../src/sandbox/requests/call-counts.ts';
import { formatInstant } from '../../src/sandbox/store/sandbox-clock.ts';
import { advance, startDaemon, type DaemonRun } from '../daemon/run-daemon.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';
import { FACTS } from '../simulation/simulated-slurm.ts';
import { createDaemonDeps } from '../simulation/daemon-deps.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { createServer } from '../simulation/server.ts';
import { listedJob } from '../support/simulated-values.ts';

export interface CostedWorld {
  readonly clock: SimulatedClock;
  /** When the last job was accepted. */
  readonly lastAcceptedAt: () => number;
  readonly accepted: () => number;
  /** Makes that many tasks and puts them into the served queue. */
  enqueue(count: number): void;
  /** Makes that many tasks that the daemon tracks: half of the jobs are pending and their tasks parked, the others run. */
  track(count: number): Promise<void>;
  /** @param claims false: it never reads the served queues to claim tasks */
  start(options?: { readonly claims: boolean }): DaemonRun;
  /** What the daemon's calls cost meanwhile, and how often it polled. The agents of running tasks report every 30 seconds. */
  measure(ms: number): Promise<{ readonly total: CallCount; readonly polls: number }>;
}

const BEGIN = Date.UTC(2026, 0, 1);
const WORKER = 'login1:slurm';
const ATTEMPT = 'lq2x0a9c7f3k';
const HOUR_MS = 3_600_000;
const REPORT_EVERY_MS = 30_000;
/** Default settings of the program. */
const ADOPT_AFTER_MS = 300_000;
const SBATCH_MS = 60;

/** @param isFull whether Slurm accepts no jobs */
export function createCostedWorld({ isFull = false } = {}): CostedWorld {
  const clock = createSimulatedClock(BEGIN);
  const calls: Parameters<typeof createServer>[1] = {
    pending: new Set(),
    drop: () => undefined,
    request: async ({ effect }) => effect(),
  };
  const server = createServer(clock, calls, () => undefined, 'real');
  const { store } = server;
  server.addQueue(OWN_QUEUE, 'own');
  server.addQueue(SCHEDULER_QUEUE, 'slurm_scheduler');
  const jobs: Job[] = [];
  const running: string[] = [];
  let [tasks, accepted, polls, lastAcceptedAt, reportDueAt] = [0, 0, 0, 0, 0];

  const scheduler: Scheduler = {
    facts: () => Promise.resolve(FACTS),
    async submit({ jobName }): Promise<SubmitOutcome> {
      await clock.of(1).sleep(SBATCH_MS);
      if (isFull) return { kind: 'backpressure', message: 'MaxJobCount limit reached' };
      accepted += 1;
      lastAcceptedAt = clock.now();
      jobs.push(jobOf(jobName, 'PENDING'));
      return { kind: 'accepted', jobId: String(jobs.length) as JobId, cluster: undefined };
    },
    list() {
      polls += 1;
      return Promise.resolve({ kind: 'listed', jobs: [...jobs] });
    },
    listAllUsers: () => Promise.resolve({ kind: 'listed', jobs: [...jobs] }),
    sizes: () => Promise.resolve(() => undefined),
    lookUp: (names) => Promise.resolve({ kind: 'listed', jobs: jobs.filter(({ name }) => names.includes(name)) }),
    record: () => Promise.resolve(undefined),
    endDetails: () => Promise.resolve(new Map<JobId, EndDetails>()),
    figures: () => Promise.resolve(new Map<JobId, JobFigures>()),
    cancel: () => Promise.resolve(),
  };
  const made = createDaemonDeps({
    server,
    scheduler,
    clock,
    calls,
    readLog: () => undefined,
    disk: { text: '' },
    number: 1,
    incarnation: 1,
    isMisfit: () => false,
  });
  const deps: DaemonDeps = {
    ...made,
    // The template mentions neither, as examples/slurm.example.template.
    queues: made.queues.map((queue) => ({ ...queue, usesUser: false, usesProject: false })),
    rateLimit: createRateLimit({ perSecond: 1_000, burst: 1_000 }),
    adoptAfterMs: ADOPT_AFTER_MS,
  };

  function jobOf(name: string, state: 'PENDING' | 'RUNNING'): Job {
    const submittedAt = BEGIN - HOUR_MS;
    const startAt = state === 'PENDING' ? undefined : submittedAt;
    return listedJob({ id: String(jobs.length + 1) as JobId, name, state, submittedAt, startAt });
  }

  function addTask(changes: object): string {
    tasks += 1;
    // The digits of real ids are random. The search for untracked tasks divides them by the first one.
    const id = Array.from(tasks.toString(16)).reverse().join('').padEnd(32, '0');
    server.addTask(id, `task ${tasks}`);
    const task = store.tasks.get(id);
    const at = formatInstant(BEGIN - HOUR_MS);
    if (task !== undefined)
      store.tasks.put({ ...task, execution: { queue: OWN_QUEUE }, status_changed: at, last_update: at, ...changes });
    return id;
  }

  function addEntries(queue: string, ids: readonly string[], added: number): void {
    const before = store.queues.get(queue);
    if (before === undefined) return;
    const entries = ids.map((task) => ({ task, added: formatInstant(added) }));
    store.queues.put({ ...before, entries: [...before.entries, ...entries], last_update: formatInstant(clock.now()) });
  }

  /** A report changes the times of the task. */
  function reportOfAgents(): void {
    const now = formatInstant(clock.now());
    for (const id of running) {
      const task = store.tasks.get(id);
      if (task !== undefined) store.tasks.put({ ...task, last_update: now, last_change: now, last_worker_report: now });
    }
  }

  return {
    clock,
    accepted: () => accepted,
    lastAcceptedAt: () => lastAcceptedAt,
    enqueue(count) {
      const ids = Array.from({ length: count }, () =>
        addTask({ status: 'queued', enqueue_status: 'created', status_changed: formatInstant(clock.now()) }),
      );
      addEntries(OWN_QUEUE, ids, clock.now());
    },
    async track(count) {
      const parked: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const isRunning = index % 2 === 1;
        const task = isRunning
          ? addTask({ status: 'in_progress', last_worker: `${WORKER}:${jobs.length + 1}` })
          : addTask({ status: 'queued', enqueue_status: 'created' });
        (isRunning ? running : parked).push(task);
        const job = jobOf(formatJobName(task, ATTEMPT), isRunning ? 'RUNNING' : 'PENDING');
        jobs.push(job);
        const times = { stepAt: BEGIN - HOUR_MS, firstAttemptAt: BEGIN - HOUR_MS };
        const ours = { task, queue: OWN_QUEUE, queueName: 'own', step: 'following', attempt: ATTEMPT, attempts: 1 };
        // The console shows its state already.
        const told = isRunning
          ? { startedOn: `${job.id}@${job.startAt ?? ''}` }
          : { reason: describeWait(job, BEGIN).key };
        await deps.journal.write(Entry.parse({ ...ours, ...times, jobId: job.id, told }));
      }
      addEntries(SCHEDULER_QUEUE, parked, BEGIN - HOUR_MS);
    },
    start: ({ claims } = { claims: true }) =>
      startDaemon(deps, claims ? {} : { intervals: { pollMs: 15_000, queueMs: Infinity } }),
    async measure(ms) {
      server.counts.clear();
      polls = 0;
      const until = clock.now() + ms;
      while (clock.now() < until) {
        if (clock.now() >= reportDueAt) {
          reportOfAgents();
          reportDueAt = clock.now() + REPORT_EVERY_MS;
        }
        await advance(clock, Math.min(until, reportDueAt) - clock.now());
      }
      return { total: totalOf(server.counts.all()), polls };
    },
  };
}
